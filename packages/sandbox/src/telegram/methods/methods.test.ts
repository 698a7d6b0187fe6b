import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi, type CallApi } from '../../../tests/bot-api.ts';
import { type RunningSandbox, type SandboxBot, startSandbox, type TelegramChat } from '../../index.ts';
import { methods } from './all-methods.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let call: CallApi;
let olena: number;
let group: TelegramChat;

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01, telegram: { floodScale: 0 } });
  bot = sandbox.telegram.createBot({ username: 'test_bot' });
  call = botApi(sandbox, bot);
  olena = sandbox.telegram.createUser({ id: 77, first_name: 'Olena', username: 'olena' }).id;
  group = sandbox.telegram.createChat({
    type: 'supergroup',
    title: 'Team',
    username: 'team_chat',
    is_forum: true,
  });
});
afterEach(() => sandbox.close());

const say = async (text: string, more: object = {}): Promise<number> =>
  (await call('sendMessage', { chat_id: olena, text, ...more })).result.message_id;
const keyboard = { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes' }]] };
const administer = (): void => sandbox.telegram.setMember(group.id, bot.id, { status: 'administrator' });

describe('every request', () => {
  it('takes JSON, forms, queries and multipart, and method names in any letter case', async () => {
    const url = `${sandbox.telegram.apiUrl}/bot${bot.token}`;
    const form = new FormData();
    form.set('chat_id', String(olena));
    form.set('text', 'multipart');
    await fetch(`${url}/SENDMESSAGE?chat_id=${olena}&text=query`);
    await fetch(`${url}/sendMessage`, {
      method: 'POST',
      body: new URLSearchParams({
        chat_id: String(olena),
        text: 'form',
        reply_markup: JSON.stringify(keyboard),
      }),
    });
    await call('sendmessage', form);
    await call('sendMessage', { chat_id: '77', text: 5 });
    const sent = sandbox.telegram.messages(olena);
    expect(sent.map(({ text }) => text)).toEqual(['query', 'form', 'multipart', '5']);
    expect(sent[1]?.message.reply_markup).toEqual(keyboard);
  });

  it('needs a known token, and a known method', async () => {
    expect(await botApi(sandbox, { token: '1:aaaaaaaaa' })('getMe')).toMatchObject({
      status: 401,
      ok: false,
      error_code: 401,
      description: 'Unauthorized',
    });
    expect((await botApi(sandbox, { token: 'nonsense' })('getMe')).status).toBe(404);
    expect(await call('noSuchMethod')).toMatchObject({
      status: 404,
      description: 'Not Found: method not found',
    });
  });

  it('is answered for every method there is, with a result or one of the documented refusals', async () => {
    for (const method of Object.keys(methods)) {
      if (['getUpdates', 'setWebhook', 'close', 'logOut'].includes(method)) continue;
      const answer = await call(method, {
        chat_id: olena,
        user_id: olena,
        from_chat_id: olena,
        message_id: 1,
      });
      expect([200, 400], method).toContain(answer.status);
      if (!answer.ok) expect(answer.description, method).toMatch(/^Bad Request: \S/);
    }
  });
});

describe('sending', () => {
  it.each([
    ['sendPhoto', { photo: 'https://example.com/a.jpg', caption: 'A car' }, 'photo'],
    ['sendVideo', { video: 'https://example.com/a.mp4' }, 'video'],
    ['sendAnimation', { animation: 'https://example.com/a.mp4' }, 'animation'],
    ['sendAudio', { audio: 'https://example.com/a.mp3', performer: 'Someone' }, 'audio'],
    ['sendDocument', { document: 'https://example.com/a.pdf' }, 'document'],
    ['sendVoice', { voice: 'https://example.com/a.ogg' }, 'voice'],
    ['sendVideoNote', { video_note: 'https://example.com/a.mp4' }, 'video_note'],
    ['sendSticker', { sticker: 'https://example.com/a.webp' }, 'sticker'],
    ['sendLocation', { latitude: 50.45, longitude: 30.52 }, 'location'],
    ['sendVenue', { latitude: 50.45, longitude: 30.52, title: 'Office', address: 'Khreshchatyk 1' }, 'venue'],
    ['sendContact', { phone_number: '+380501234567', first_name: 'Taras' }, 'contact'],
    ['sendPoll', { question: 'Lunch?', options: [{ text: 'Yes' }, { text: 'No' }] }, 'poll'],
    ['sendDice', {}, 'dice'],
    [
      'sendInvoice',
      { title: 'T', description: 'D', payload: 'p', currency: 'XTR', prices: [{ label: 'Car', amount: 5 }] },
      'invoice',
    ],
    [
      'sendPaidMedia',
      { star_count: 5, media: [{ type: 'photo', media: 'https://example.com/a.jpg' }] },
      'paid_media',
    ],
    ['sendRichMessage', { rich_message: { html: '<p>Hi</p>' } }, 'rich_message'],
  ])('%s puts a message into the chat that can be read back', async (method, params, field) => {
    const answer = await call(method, { chat_id: olena, ...params });
    expect(answer).toMatchObject({ status: 200, result: { chat: { id: olena }, from: { id: bot.id } } });
    expect(answer.result[field]).toBeDefined();
    expect(sandbox.telegram.messages(olena).at(-1)?.message).toEqual(answer.result);
  });

  it('finds a chat by its name and answers a message in it', async () => {
    const asked = sandbox.telegram.userSends(bot, { chat: group.id, text: 'Anyone?' });
    const answer = await call('sendMessage', {
      chat_id: '@Team_Chat',
      text: 'Me',
      reply_parameters: { message_id: asked.message_id },
    });
    expect(answer.result.reply_to_message).toMatchObject({ text: 'Anyone?' });
  });

  it('sends an album under one media_group_id', async () => {
    const { result } = await call('sendMediaGroup', {
      chat_id: olena,
      media: [
        { type: 'photo', media: 'https://example.com/1.jpg', caption: '*One*', parse_mode: 'MarkdownV2' },
        { type: 'video', media: 'https://example.com/2.mp4' },
      ],
    });
    expect(result).toHaveLength(2);
    expect(result[0]).toMatchObject({
      caption: 'One',
      caption_entities: [{ type: 'bold', offset: 0, length: 3 }],
    });
    expect(result[0].media_group_id).toBe(result[1].media_group_id);
  });

  it('forwards with the origin and copies without', async () => {
    const original = sandbox.telegram.userSends(bot, { from: olena, text: 'Original' });
    const params = { chat_id: group.id, from_chat_id: olena, message_id: original.message_id };
    expect((await call('forwardMessage', params)).result).toMatchObject({
      text: 'Original',
      forward_origin: { type: 'user', sender_user: { id: olena } },
    });
    const copy = await call('copyMessage', params);
    expect(Object.keys(copy.result)).toEqual(['message_id']);
    expect(sandbox.telegram.messages(group.id).at(-1)).toMatchObject({ text: 'Original', from: 'bot' });
    expect(sandbox.telegram.messages(group.id).at(-1)?.message.forward_origin).toBeUndefined();
  });

  it.each([
    ['sendMessage', {}, 'chat_id is empty'],
    ['sendMessage', { chat_id: 123_456, text: 'x' }, 'chat not found'],
    ['sendMessage', { chat_id: '@nobody_here', text: 'x' }, 'chat not found'],
    ['sendMessage', { chat_id: 77 }, 'message text is empty'],
    ['sendMessage', { chat_id: 77, text: '  \n ' }, 'message text is empty'],
    ['sendMessage', { chat_id: 77, text: 'x'.repeat(4_097) }, 'message is too long'],
    [
      'sendPhoto',
      { chat_id: 77, photo: 'https://e.com/a', caption: 'x'.repeat(1_025) },
      'message caption is too long',
    ],
    ['sendPhoto', { chat_id: 77 }, 'there is no photo in the request'],
    ['sendDocument', { chat_id: 77, document: 'nope' }, 'wrong file identifier/HTTP URL specified'],
    [
      'sendMessage',
      { chat_id: 77, text: 'x', reply_parameters: { message_id: 999 } },
      'message to be replied not found',
    ],
    [
      'sendMessage',
      {
        chat_id: 77,
        text: 'x',
        reply_markup: { inline_keyboard: [[{ text: 'a', callback_data: 'x'.repeat(65) }]] },
      },
      'BUTTON_DATA_INVALID',
    ],
    [
      'sendMessage',
      { chat_id: 77, text: 'x', reply_markup: { inline_keyboard: [[{ text: 'a' }]] } },
      "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
    ],
    ['sendMessage', { chat_id: 77, text: '*x', parse_mode: 'pseudo' }, 'unsupported parse_mode'],
    ['sendContact', { chat_id: 77, first_name: 'x' }, 'parameter "phone_number" is required'],
    ['sendLocation', { chat_id: 77 }, 'latitude is empty'],
    ['sendMediaGroup', { chat_id: 77, media: [] }, 'there are no messages to send'],
    ['sendPoll', { chat_id: 77, question: 'Q', options: [] }, 'poll must have at least 1 option'],
    ['sendChatAction', { chat_id: 77, action: 'dancing' }, 'wrong parameter action in request'],
    ['forwardMessage', { chat_id: 77, from_chat_id: 77, message_id: 5 }, 'message to forward not found'],
    ['copyMessage', { chat_id: 77, from_chat_id: 77, message_id: 5 }, 'message to copy not found'],
    ['editMessageText', { chat_id: 77, message_id: 5, text: 'x' }, 'message to edit not found'],
    ['editMessageText', { text: 'x' }, 'message identifier is not specified'],
    ['deleteMessage', { chat_id: 77, message_id: 5 }, 'message to delete not found'],
    ['pinChatMessage', { chat_id: 77, message_id: 5 }, 'message to pin not found'],
    [
      'answerCallbackQuery',
      { callback_query_id: '1' },
      'query is too old and response timeout expired or query ID is invalid',
    ],
    ['getFile', { file_id: 'nope' }, 'wrong file_id or the file is temporarily unavailable'],
  ])('%s %o is refused', async (method, params, description) => {
    expect(await call(method, params)).toMatchObject({
      status: 400,
      error_code: 400,
      description: `Bad Request: ${description}`,
    });
    expect(sandbox.telegram.messages(77)).toEqual([]);
  });

  it('is forbidden to those who blocked the bot, never started it or are strangers to it', async () => {
    const quiet = sandbox.telegram.createUser({ started: false });
    expect(await call('sendMessage', { chat_id: quiet.id, text: 'x' })).toMatchObject({
      status: 403,
      description: "Forbidden: bot can't initiate conversation with a user",
    });
    sandbox.telegram.userBlocks(bot, olena);
    expect(await call('sendMessage', { chat_id: olena, text: 'x' })).toMatchObject({
      status: 403,
      description: 'Forbidden: bot was blocked by the user',
    });
    sandbox.telegram.userSends(bot, { from: olena, text: 'back again' });
    expect((await call('sendMessage', { chat_id: olena, text: 'x' })).status).toBe(200);
    const kinds = sandbox.telegram.pendingUpdates(bot).map((update) => Object.keys(update)[1]);
    expect(kinds).toEqual(['my_chat_member', 'my_chat_member', 'message']);
    sandbox.telegram.setMember(group.id, bot.id, { status: 'kicked' });
    expect(await call('sendMessage', { chat_id: group.id, text: 'x' })).toMatchObject({
      status: 403,
      description: 'Forbidden: bot was kicked from the supergroup chat',
    });
  });

  it('names the supergroup that a group became', async () => {
    const old = sandbox.telegram.createChat({ type: 'group', title: 'Small' });
    const next = sandbox.telegram.migrateChat(old.id);
    expect(await call('sendMessage', { chat_id: old.id, text: 'x' })).toMatchObject({
      status: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: next.id },
    });
    expect((await call('sendMessage', { chat_id: next.id, text: 'x' })).status).toBe(200);
    expect(sandbox.telegram.pendingUpdates(bot)).toMatchObject([
      { message: { migrate_to_chat_id: next.id } },
      { message: { migrate_from_chat_id: old.id } },
    ]);
  });
});

describe('editing', () => {
  it('changes text and keyboard, and says when nothing changes', async () => {
    const id = await say('Before', { reply_markup: keyboard });
    const edit = { chat_id: olena, message_id: id, text: 'After', reply_markup: keyboard };
    expect((await call('editMessageText', edit)).result).toMatchObject({
      text: 'After',
      edit_date: expect.any(Number),
    });
    expect(await call('editMessageText', edit)).toMatchObject({
      status: 400,
      description: expect.stringMatching(
        /^Bad Request: message is not modified: specified new message content/,
      ),
    });
    await call('editMessageReplyMarkup', { chat_id: olena, message_id: id });
    expect(sandbox.telegram.messages(olena)).toMatchObject([{ text: 'After' }]);
    expect(sandbox.telegram.messages(olena)[0]?.message.reply_markup).toBeUndefined();
  });

  it('replaces captions and media, and refuses what the message does not have', async () => {
    const photo = await call('sendPhoto', { chat_id: olena, photo: 'https://e.com/a.jpg', caption: 'Old' });
    const where = { chat_id: olena, message_id: photo.result.message_id };
    expect((await call('editMessageCaption', { ...where, caption: 'New' })).result.caption).toBe('New');
    const media = { type: 'video', media: 'https://e.com/b.mp4' };
    const edited = await call('editMessageMedia', { ...where, media });
    expect(edited.result.video).toBeDefined();
    expect(edited.result.photo).toBeUndefined();
    expect((await call('editMessageText', { ...where, text: 'x' })).description).toBe(
      'Bad Request: there is no text in the message to edit',
    );
    const text = await say('plain');
    expect(
      (await call('editMessageCaption', { chat_id: olena, message_id: text, caption: 'x' })).description,
    ).toBe('Bad Request: there is no caption in the message to edit');
  });

  it("does not touch a user's message", async () => {
    const { message_id } = sandbox.telegram.userSends(bot, { from: olena, text: 'mine' });
    expect((await call('editMessageText', { chat_id: olena, message_id, text: 'yours' })).description).toBe(
      "Bad Request: message can't be edited",
    );
  });

  it('deletes one and many', async () => {
    const ids = [await say('a'), await say('b'), await say('c')];
    await call('deleteMessage', { chat_id: olena, message_id: ids[0] });
    await call('deleteMessages', { chat_id: olena, message_ids: [ids[1], 999] });
    expect(sandbox.telegram.messages(olena).map(({ text }) => text)).toEqual(['c']);
  });

  it('shows reactions of both sides', async () => {
    const id = await say('Nice');
    await call('setMessageReaction', {
      chat_id: olena,
      message_id: id,
      reaction: [{ type: 'emoji', emoji: '🔥' }],
    });
    sandbox.telegram.userReacts(bot, { from: olena, message_id: id, emoji: '👍' });
    expect(sandbox.telegram.messages(olena)[0]?.reactions).toEqual([
      { by: bot.id, reaction: [{ type: 'emoji', emoji: '🔥' }] },
      { by: olena, reaction: [{ type: 'emoji', emoji: '👍' }] },
    ]);
  });

  it('stops a poll once', async () => {
    const poll = await call('sendPoll', { chat_id: olena, question: 'Q', options: ['a', 'b'] });
    const where = { chat_id: olena, message_id: poll.result.message_id };
    expect((await call('stopPoll', where)).result).toMatchObject({ is_closed: true, question: 'Q' });
    expect((await call('stopPoll', where)).description).toBe('Bad Request: poll has already been closed');
  });
});

describe('answers', () => {
  it('settle a callback query once, and can be read back', async () => {
    await say('Choose', { reply_markup: keyboard });
    const query = sandbox.telegram.userPresses(bot, { from: olena, button: 'Yes' });
    expect(sandbox.telegram.pendingUpdates(bot)).toMatchObject([
      { callback_query: { id: query, data: 'yes', from: { id: olena }, message: { text: 'Choose' } } },
    ]);
    const answer = { callback_query_id: query, text: 'Thanks' };
    expect((await call('answerCallbackQuery', answer)).result).toBe(true);
    expect(sandbox.telegram.answerTo(bot, query)).toMatchObject({ text: 'Thanks' });
    expect((await call('answerCallbackQuery', answer)).status).toBe(400);
  });

  it('reach inline and payment queries', async () => {
    const from = sandbox.telegram.createUser({ id: olena });
    sandbox.telegram.pushUpdate(bot, 'inline_query', { id: '5', from, query: 'bmw', offset: '' });
    sandbox.telegram.pushUpdate(bot, 'pre_checkout_query', {
      id: '6',
      from,
      currency: 'XTR',
      total_amount: 5,
    });
    expect((await call('answerInlineQuery', { inline_query_id: '5', results: [] })).result).toBe(true);
    expect((await call('answerPreCheckoutQuery', { pre_checkout_query_id: '6', ok: true })).result).toBe(
      true,
    );
    expect((await call('answerShippingQuery', { shipping_query_id: '6', ok: true })).status).toBe(400);
  });
});

describe('chats', () => {
  it('show changes of title, description, pins and links', async () => {
    expect((await call('setChatTitle', { chat_id: group.id, title: 'New' })).description).toBe(
      'Bad Request: not enough rights',
    );
    administer();
    await call('setChatTitle', { chat_id: group.id, title: 'New' });
    await call('setChatDescription', { chat_id: group.id, description: 'About' });
    const sent = await call('sendMessage', { chat_id: group.id, text: 'Pin me' });
    await call('pinChatMessage', { chat_id: group.id, message_id: sent.result.message_id });
    expect((await call('getChat', { chat_id: group.id })).result).toMatchObject({
      title: 'New',
      description: 'About',
      pinned_message: { text: 'Pin me' },
    });
    await call('unpinChatMessage', { chat_id: group.id });
    expect((await call('getChat', { chat_id: group.id })).result.pinned_message).toBeUndefined();
    const link = await call('createChatInviteLink', { chat_id: group.id, name: 'Ads' });
    const revoked = await call('revokeChatInviteLink', {
      chat_id: group.id,
      invite_link: link.result.invite_link,
    });
    expect(revoked.result).toMatchObject({ name: 'Ads', is_revoked: true });
  });

  it('keep members and their rights, and tell bots that asked for it', async () => {
    administer();
    sandbox.telegram.userSends(bot, { from: olena, chat: group.id, text: 'spam' });
    await call('getUpdates', { offset: -1, allowed_updates: ['chat_member'] });
    const who = { chat_id: group.id, user_id: olena };
    await call('restrictChatMember', { ...who, permissions: { can_send_messages: false } });
    expect((await call('getChatMember', who)).result).toMatchObject({
      status: 'restricted',
      can_send_messages: false,
    });
    await call('promoteChatMember', { ...who, can_delete_messages: true });
    await call('setChatAdministratorCustomTitle', { ...who, custom_title: 'Boss' });
    expect((await call('getChatAdministrators', { chat_id: group.id })).result).toMatchObject([
      { user: { id: bot.id } },
      { user: { id: olena }, status: 'administrator', custom_title: 'Boss' },
    ]);
    expect((await call('banChatMember', who)).description).toBe(
      'Bad Request: user is an administrator of the chat',
    );
    await call('promoteChatMember', who);
    await call('banChatMember', who);
    expect((await call('getChatMemberCount', { chat_id: group.id })).result).toBe(1);
    await call('unbanChatMember', who);
    expect((await call('getChatMember', who)).result.status).toBe('left');
    expect(
      sandbox.telegram
        .pendingUpdates(bot)
        .map(
          (update) =>
            (update.chat_member as { new_chat_member: { status: string } } | undefined)?.new_chat_member
              .status,
        ),
    ).toContain('kicked');
  });

  it('have topics where they are forums', async () => {
    administer();
    const topic = await call('createForumTopic', { chat_id: group.id, name: 'Cars' });
    const thread = { chat_id: group.id, message_thread_id: topic.result.message_thread_id };
    expect((await call('sendMessage', { ...thread, text: 'x' })).result.is_topic_message).toBe(true);
    expect((await call('closeForumTopic', thread)).result).toBe(true);
    expect((await call('closeForumTopic', thread)).description).toBe('Bad Request: TOPIC_NOT_MODIFIED');
    await call('deleteForumTopic', thread);
    expect((await call('sendMessage', { ...thread, text: 'x' })).description).toBe(
      'Bad Request: message thread not found',
    );
  });

  it('let a join request in or not', async () => {
    administer();
    const from = sandbox.telegram.createUser({ id: 88, first_name: 'Taras' });
    sandbox.telegram.pushUpdate(bot, 'chat_join_request', { chat: group, from, user_chat_id: 88, date: 1 });
    const who = { chat_id: group.id, user_id: 88 };
    expect((await call('approveChatJoinRequest', who)).result).toBe(true);
    expect((await call('getChatMember', who)).result.status).toBe('member');
    expect((await call('declineChatJoinRequest', who)).description).toBe(
      'Bad Request: HIDE_REQUESTER_MISSING',
    );
  });

  it('are left for good', async () => {
    await call('leaveChat', { chat_id: group.id });
    expect((await call('sendMessage', { chat_id: group.id, text: 'x' })).description).toBe(
      'Forbidden: bot is not a member of the supergroup chat',
    );
  });

  it('of a channel take posts from administrators and have no sender', async () => {
    const channel = sandbox.telegram.createChat({ type: 'channel', title: 'News' });
    const post = await call('sendMessage', { chat_id: channel.id, text: 'Hello' });
    expect(post.result).toMatchObject({ sender_chat: { id: channel.id } });
    expect(post.result.from).toBeUndefined();
    sandbox.telegram.userSends(bot, { chat: channel.id, text: 'By hand' });
    expect(sandbox.telegram.pendingUpdates(bot)).toMatchObject([{ channel_post: { text: 'By hand' } }]);
  });
});

describe('the bot', () => {
  it('has commands per scope and language', async () => {
    const commands = [{ command: 'start', description: 'Begin' }];
    await call('setMyCommands', { commands });
    await call('setMyCommands', { commands: [], scope: { type: 'all_private_chats' }, language_code: 'uk' });
    expect((await call('getMyCommands')).result).toEqual(commands);
    expect((await call('getMyCommands', { language_code: 'de' })).result).toEqual([]);
    await call('deleteMyCommands');
    expect((await call('getMyCommands')).result).toEqual([]);
    expect(
      (await call('setMyCommands', { commands: [{ command: 'Bad Name', description: 'x' }] })).description,
    ).toBe('Bad Request: BOT_COMMAND_INVALID');
  });

  it('has a name, descriptions and a menu button', async () => {
    await call('setMyName', { name: 'Helper' });
    await call('setMyDescription', { description: 'Long' });
    await call('setMyShortDescription', { short_description: 'Short' });
    await call('setChatMenuButton', { menu_button: { type: 'commands' } });
    expect((await call('getMyName')).result).toEqual({ name: 'Helper' });
    expect((await call('getMyDescription')).result).toEqual({ description: 'Long' });
    expect((await call('getMyShortDescription')).result).toEqual({ short_description: 'Short' });
    expect((await call('getChatMenuButton')).result).toEqual({ type: 'commands' });
    expect((await call('getMyDefaultAdministratorRights')).result).toMatchObject({ can_manage_chat: false });
  });
});
