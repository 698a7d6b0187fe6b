import type {
  Chatbot,
  MessagesChatbot,
  MessengerChatbot,
  TelegramChatbot,
  WhatsAppChatbot,
} from './chatbots.ts';
import { type AreaTable, type Operation, once, pages, read, state } from './operation.ts';

const data = { take: ['data'] } as const;
const paged = { ...data, pages: { size: 'size', start: 'skip', most: 100 } } as const;
const inQuery = { body: 'query' } as const;

/** What the chatbots of every service can do; paths go on from the service's own. */
const common = {
  bots: pages('/bots', paged),
  statistics: read('/bots/statistics', data),
  account: read('/account', data),

  getContact: read('/contacts/get', data),
  contactsByTag: pages('/contacts/getByTag', paged),
  contactsByVariable: pages('/contacts/getByVariable', paged),
  setVariables: state('POST', '/contacts/setVariable'),
  deleteVariable: state('POST', '/contacts/deleteVariable'),
  setTags: state('POST', '/contacts/setTag'),
  deleteTag: state('POST', '/contacts/deleteTag'),
  disableContact: state('POST', '/contacts/disable'),
  enableContact: state('POST', '/contacts/enable'),
  deleteContact: state('POST', '/contacts/delete'),
  getPause: read('/contacts/getPauseAutomation', data),
  // Counts from when it runs, so a second run only makes it a little longer.
  setPause: state('POST', '/contacts/setPauseAutomation'),
  endPause: state('POST', '/contacts/deletePauseAutomation'),
  notes: read('/contacts/notes', data),
  createNote: once('POST', '/contacts/createNote'),
  updateNote: state('POST', '/contacts/updateNote'),
  deleteNote: state('POST', '/contacts/deleteNote'),
  assignOperator: state('POST', '/contacts/operators/assign'),
  unassignOperator: state('POST', '/contacts/operators/unAssign'),
  openChat: state('POST', '/contacts/openChat'),
  closeChat: state('POST', '/contacts/closeChat'),
  markRead: state('PUT', '/contacts/mark-read', inQuery),
  markUnread: state('PUT', '/contacts/mark-unread', inQuery),

  flows: pages('/flows', paged),
  runFlow: once('POST', '/flows/run'),
  runFlowByTrigger: once('POST', '/flows/runByTrigger'),
  triggers: pages('/triggers', paged),
  variables: pages('/variables', paged),
  tags: pages('/tags', paged),
  chats: pages('/chats', paged),
  messages: pages('/chats/messages', paged),
  sendCampaign: once('POST', '/campaigns/send'),
} satisfies AreaTable<Chatbot>;

const send = once('POST', '/contacts/send');
const sendText = once('POST', '/contacts/sendText');
const sendTyping = state('POST', '/contacts/sendTyping');

/** Chatbots by service. */
export const chatbotOperations = {
  whatsapp: below('/whatsapp', {
    ...common,
    send,
    createContact: once('POST', '/contacts', { ...data, needsAnswer: true }),
    getContactByPhone: read('/contacts/getByPhone', data),
    setName: state('POST', '/contacts/setName'),
    sendByPhone: once('POST', '/contacts/sendByPhone'),
    sendTemplate: once('POST', '/contacts/sendTemplate'),
    sendTemplateByPhone: once('POST', '/contacts/sendTemplateByPhone'),
    sendTyping,
    react: state('PUT', '/chats/react'),
    sendTemplateCampaign: once('POST', '/campaigns/sendTemplate'),
    templates: read('/templates', data),
  } satisfies AreaTable<WhatsAppChatbot>),
  telegram: below('/telegram', {
    ...common,
    send,
    sendText,
    react: state('POST', '/contacts/react'),
    getContactByTelegramId: read('/contacts/getByTelegramId', data),
  } satisfies AreaTable<TelegramChatbot>),
  instagram: below('/instagram', { ...common, send } satisfies AreaTable<MessagesChatbot>),
  messenger: below('/messenger', {
    ...common,
    send,
    sendText,
    sendTyping,
  } satisfies AreaTable<MessengerChatbot>),
  viber: below('/viber/chatbots', { ...common, send } satisfies AreaTable<MessagesChatbot>),
} as const;

/** The same rows with their paths below a service's own. */
function below<const Rows extends Readonly<Record<string, Operation>>>(base: string, rows: Rows): Rows {
  return Object.fromEntries(
    Object.entries(rows).map(([method, row]) => [method, { ...row, path: base + row.path }]),
  ) as unknown as Rows;
}
