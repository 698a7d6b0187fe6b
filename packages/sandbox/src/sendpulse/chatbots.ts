import { invalidField, missing } from './api-failure.ts';
import { createChatChannel, ok } from './chat-channel.ts';
import { shownBot, shownContact } from './chat-contacts.ts';
import { extraRoutes } from './chat-extras.ts';
import { isRecord, list, text } from './fields.ts';
import type { SendPulseChatbotChannel } from './public.ts';
import type { Route, RouteParts, Routes } from './routes.ts';
import { newToken } from './state.ts';

/** Where each service's chatbots live. */
const bases = {
  whatsapp: '/whatsapp',
  telegram: '/telegram',
  instagram: '/instagram',
  messenger: '/messenger',
  viber: '/viber/chatbots',
} as const satisfies Record<SendPulseChatbotChannel, string>;

/** Chatbots of every service. @see https://sendpulse.com/integrations/api/chatbot */
export function chatbotRoutes(parts: RouteParts): Routes {
  return Object.assign(
    {},
    ...Object.entries(bases).map(([channel, base]) => {
      const routes = channelRoutes(parts, channel as SendPulseChatbotChannel);
      return Object.fromEntries(
        Object.entries(routes).map(([name, route]) => [name.replace(' ', ` ${base}`), route]),
      );
    }),
  ) as Routes;
}

function channelRoutes(parts: RouteParts, channel: SendPulseChatbotChannel): Routes {
  const { clock, changed } = parts;
  const tools = createChatChannel(parts, channel);
  const { contactOf, contactsOf, paged, does, sends } = tools;

  const contacts: Routes = {
    'GET /contacts/get': (input) => ok(shownContact(contactOf(input, input.query))),
    'GET /contacts/getByTag': (input) =>
      paged(
        contactsOf(input)
          .filter(({ tags }) => tags.has(text(input.query, 'tag')))
          .map(shownContact),
        input.query,
      ),
    'GET /contacts/getByVariable': (input) => {
      const { variable_name, variable_id, variable_value } = input.query;
      const name = String(variable_name ?? variable_id);
      const found = contactsOf(input).filter((one) => String(one.variables.get(name)) === variable_value);
      return paged(found.map(shownContact), input.query);
    },
    'POST /contacts/send': does((contact, { message, messages }) => {
      if (channel === 'instagram' || channel === 'viber') {
        return list({ messages }, 'messages').map((one) => sends(contact, { message: one }));
      }
      if (!isRecord(message)) throw invalidField('message', 'missing');
      return sends(contact, { message });
    }),
    'POST /contacts/setVariable': does((contact, { variables }) => {
      for (const item of list({ variables }, 'variables')) {
        if (!isRecord(item)) throw invalidField('variables', 'is invalid');
        contact.variables.set(String(item.variable_name ?? item.variable_id), item.variable_value);
      }
    }),
    'POST /contacts/deleteVariable': does((contact, { variable_name, variable_id }) => {
      contact.variables.delete(String(variable_name ?? variable_id));
    }),
    'POST /contacts/setTag': does((contact, { tags }) => {
      for (const tag of list({ tags }, 'tags')) contact.tags.add(String(tag));
    }),
    'POST /contacts/deleteTag': does((contact, fields) => {
      contact.tags.delete(text(fields, 'tag'));
    }),
    'POST /contacts/disable': does((contact) => {
      contact.status = 2;
    }),
    'POST /contacts/enable': does((contact) => {
      contact.status = 1;
    }),
    'POST /contacts/delete': (input) => {
      input.account.chatContacts.delete(contactOf(input, input.fields).id);
      return ok();
    },
    'GET /contacts/getPauseAutomation': (input) => {
      const { pausedUntil } = contactOf(input, input.query);
      return ok({ minutes: pausedUntil === undefined ? 0 : Math.ceil((pausedUntil - clock.now()) / 60_000) });
    },
    'POST /contacts/setPauseAutomation': does((contact, { minutes }) => {
      contact.pausedUntil = clock.now() + Number(minutes) * 60_000;
    }),
    'POST /contacts/deletePauseAutomation': does((contact) => {
      contact.pausedUntil = undefined;
    }),
    'GET /contacts/notes': (input) => ok(contactOf(input, input.query).notes),
    'POST /contacts/createNote': does((contact, fields) => {
      const note = { id: newToken(12), text: text(fields, 'text') };
      contact.notes.push(note);
      return note;
    }),
    'POST /contacts/updateNote': does((contact, fields) => {
      const note = contact.notes.find(({ id }) => id === fields.note_id);
      if (note === undefined) throw missing.contact();
      note.text = text(fields, 'text');
    }),
    'POST /contacts/deleteNote': does((contact, fields) => {
      const index = contact.notes.findIndex(({ id }) => id === fields.note_id);
      if (index < 0) throw missing.contact();
      contact.notes.splice(index, 1);
    }),
    'POST /contacts/operators/assign': does((contact, { operator_id }) => {
      contact.operator = Number(operator_id);
    }),
    'POST /contacts/operators/unAssign': does((contact) => {
      contact.operator = undefined;
    }),
    'POST /contacts/openChat': does((contact) => {
      contact.chatOpened = true;
    }),
    'POST /contacts/closeChat': does((contact) => {
      contact.chatOpened = false;
    }),
    'PUT /contacts/mark-read': does(() => undefined),
    'PUT /contacts/mark-unread': does(() => undefined),
    'POST /flows/run': does((contact, fields) => sends(contact, { flow_id: text(fields, 'flow_id') })),
    'POST /flows/runByTrigger': does((contact, fields) =>
      sends(contact, { trigger_keyword: text(fields, 'trigger_keyword') }),
    ),
  };

  const around: Routes = {
    'GET /flows': ({ query }) =>
      paged([{ id: 'flow-1', bot_id: query.bot_id, name: 'Welcome', status: 1 }], query),
    'GET /triggers': ({ query }) => paged([{ id: 'trigger-1', bot_id: query.bot_id, name: 'start' }], query),
    'GET /bots': ({ account, query }) =>
      paged([...account.bots.values()].filter((bot) => bot.channel === channel).map(shownBot), query),
    'GET /bots/statistics': () => ok({ contacts: 1, messages: 1 }),
    'GET /chats': (input) =>
      paged(
        contactsOf(input).map((one) => ({ contact: shownContact(one) })),
        input.query,
      ),
    'GET /chats/messages': (input) => paged(contactOf(input, input.query).messages, input.query),
    'GET /variables': (input) => {
      const names = new Set(contactsOf(input).flatMap(({ variables }) => [...variables.keys()]));
      return paged(
        [...names].map((name) => ({ id: name, name, type: 1 })),
        input.query,
      );
    },
    'GET /tags': (input) => {
      const tags = new Set(contactsOf(input).flatMap((one) => [...one.tags]));
      return paged([...tags], input.query);
    },
    'GET /account': ({ account }) =>
      ok({ tariff: { code: 'sandbox' }, statistics: { bots: account.bots.size } }),
    'POST /campaigns/send': ({ fields }) => {
      text(fields, 'title');
      text(fields, 'bot_id');
      return ok();
    },
  };

  const extra = extraRoutes(tools, changed, around['POST /campaigns/send'] as Route);
  return { ...contacts, ...around, ...extra[channel] };
}
