import { apiFailure, invalidField, missing } from './api-failure.ts';
import { type ChatChannel, ok } from './chat-channel.ts';
import { newChatContact, shownContact } from './chat-contacts.ts';
import { isRecord, phone, text } from './fields.ts';
import type { SendPulseChatbotChannel } from './public.ts';
import type { Route, Routes } from './routes.ts';

/** What the chatbots of one service alone can do. */
export function extraRoutes(
  { contactsOf, byPhone, does, sends }: ChatChannel,
  changed: () => void,
  sendCampaign: Route,
): Partial<Record<SendPulseChatbotChannel, Routes>> {
  const sendTemplate: Route = does((contact, { template }) => {
    if (!isRecord(template)) throw invalidField('template', 'missing');
    return sends(contact, { template });
  });
  return {
    whatsapp: {
      'POST /contacts': (input) => {
        const { fields, account } = input;
        const known = byPhone(input, fields);
        if (known !== undefined) throw apiFailure(400, 400, 'Contact already exists', 'success');
        const name = fields.name === undefined ? undefined : text(fields, 'name');
        const contact = newChatContact(account, text(fields, 'bot_id'), { name, phone: phone(fields.phone) });
        for (const tag of Array.isArray(fields.tags) ? fields.tags : []) contact.tags.add(String(tag));
        for (const item of Array.isArray(fields.variables) ? fields.variables : []) {
          if (isRecord(item)) contact.variables.set(String(item.name), item.value);
        }
        changed();
        return ok(shownContact(contact));
      },
      'GET /contacts/getByPhone': (input) => {
        const found = byPhone(input, input.query);
        if (found === undefined) throw missing.contact();
        return ok(shownContact(found));
      },
      'POST /contacts/sendByPhone': (input) => {
        const found = byPhone(input, input.fields);
        if (found === undefined) throw missing.contact();
        return ok(sends(found, { message: input.fields.message }));
      },
      'POST /contacts/sendTemplate': sendTemplate,
      'POST /contacts/sendTemplateByPhone': (input) => {
        const { account, fields } = input;
        const number = phone(fields.phone);
        const found =
          byPhone(input, fields) ?? newChatContact(account, text(fields, 'bot_id'), { phone: number });
        return ok(sends(found, { template: fields.template }));
      },
      'POST /contacts/sendTyping': does(() => undefined),
      'POST /contacts/setName': does((contact, fields) => {
        contact.name = text(fields, 'name');
      }),
      'PUT /chats/react': () => ok(),
      'POST /campaigns/sendTemplate': sendCampaign,
      'GET /templates': ({ query }) =>
        ok([
          {
            id: 'template-1',
            bot_id: text(query, 'bot_id'),
            name: 'hello',
            language: 'uk',
            status: 'approved',
          },
        ]),
    },
    telegram: {
      'POST /contacts/sendText': does((contact, fields) => sends(contact, { text: text(fields, 'text') })),
      'POST /contacts/react': does(() => undefined),
      'GET /contacts/getByTelegramId': (input) => {
        const found = contactsOf(input).find(({ id }) => id === input.query.telegram_id);
        if (found === undefined) throw missing.contact();
        return ok(shownContact(found));
      },
    },
    messenger: {
      'POST /contacts/sendText': does((contact, fields) => sends(contact, { text: text(fields, 'text') })),
      'POST /contacts/sendTyping': does(() => undefined),
    },
  };
}
