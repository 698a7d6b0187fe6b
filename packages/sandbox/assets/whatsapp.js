// A phone with the simulated WhatsApp on it: choose a number of the business and a customer, write, send files, tap, read.

import { ask, clockTime, find, guarded, make } from './parts.js';
import {
  connectComposer,
  drawHead,
  drawKeyboard,
  drawMessages,
  drawPeople,
  keepAtEnd,
  nextName,
} from './phone.js';
import { dotted, startPage } from './shell.js';

let customer;
let newest;

const whatsapp = (path, query = {}) =>
  ask(`whatsapp/${path}?${new URLSearchParams({ number: view.account.phoneNumberId, ...query })}`);
const act = (path, body = {}) =>
  ask(`whatsapp/${path}`, { body: { number: view.account.phoneNumberId, ...body } });
const send = async (content) => {
  customer ??= await makeCustomer();
  await act('send', { from: customer.id, hidePhone: find('hide-phone').checked, ...content });
};

let making;

/** Makes a customer; who asks twice at once gets one. */
function makeCustomer() {
  making ??= newCustomer().finally(() => {
    making = undefined;
  });
  return making;
}

async function newCustomer() {
  const id = `38067${String(Math.floor(Math.random() * 1e7)).padStart(7, '0')}`;
  await act('customer', { customer: id, name: nextName() });
  return { id };
}

// ── Customers ──

async function drawCustomers() {
  const customers = view.account ? await whatsapp('customers') : [];
  customer = customers.find(({ id }) => id === customer?.id) ?? customers[0];
  drawPeople(customers, {
    empty: 'Make a customer, and write as one.',
    entryOf: (one) => ({ id: one.id, title: one.name, text: standing(one), isOpen: one.id === customer?.id }),
    async open(one) {
      customer = one;
      await drawPhone();
    },
  });
  drawHead(customer?.name ?? 'No customer yet', customer ? dotted(customer.id, standing(customer)) : '');
  for (const button of document.querySelectorAll('[data-act], #reachable')) button.disabled = !customer;
  find('reachable').textContent = customer?.unreachable ? 'Reachable' : 'Unreachable';
}

function standing({ unreachable, windowEndsAt }) {
  if (unreachable) return 'unreachable';
  return windowEndsAt === undefined ? 'templates only' : `free for ${span(windowEndsAt - Date.now())}`;
}

function span(ms) {
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

// ── The conversation ──

async function drawTalk() {
  const messages = customer ? await whatsapp('messages', { customer: customer.id, limit: 200 }) : [];
  const templates = messages.some(({ type }) => type === 'template') ? await ask('whatsapp/templates') : [];
  newest = messages.findLast(({ from }) => from === 'business');
  drawMessages(messages, (message) => messageRow(message, templates));
  drawKeyboard(newest ? buttonsOf(newest.message, templates).map(tapButton) : []);
  find('react').disabled = newest === undefined;
}

async function drawPhone() {
  await drawCustomers();
  await drawTalk();
}

function messageRow({ id, at, from, type, text, message, status, readByBusiness }, templates) {
  const bubble = make('div', { class: 'bubble' });
  const words = type === 'template' ? templateText(message.template, templates) : text;
  if (type !== 'text') bubble.append(make('div', { class: 'media' }, labelOf(type, message)));
  const file = message[type]?.id;
  if (type === 'image' || type === 'sticker') bubble.append(picture(file));
  if (words) bubble.append(make('div', { class: 'text' }, words));
  const state = from === 'business' ? status : readByBusiness && 'read';
  bubble.append(make('span', { class: 'facts' }, dotted(state, clockTime(at))));
  return make(
    'li',
    { class: 'message', 'data-from': from === 'customer' ? 'user' : 'bot', 'data-id': id },
    bubble,
  );
}

function labelOf(type, message) {
  const content = message[type] ?? {};
  const place = content.latitude !== undefined && `${content.latitude}, ${content.longitude}`;
  const tap = content.button_reply?.title ?? content.list_reply?.title;
  const inner = type === 'template' || type === 'interactive' ? (content.name ?? content.type) : undefined;
  return dotted(
    type,
    inner?.replaceAll('_', ' '),
    content.filename,
    content.name && place ? content.name : '',
    place,
    tap,
    content.emoji,
  );
}

const pictures = new Map();

/** A picture of either side; its bytes are asked for once. */
function picture(id) {
  const image = make('img', { alt: 'Picture', class: 'picture' });
  image.addEventListener('load', keepAtEnd);
  if (id === undefined) return image;
  if (!pictures.has(id)) {
    pictures.set(id, ask(`whatsapp/file?${new URLSearchParams({ id })}`));
  }
  pictures.get(id).then(
    ({ base64 }) => {
      image.src = `data:image/png;base64,${base64}`;
    },
    () => pictures.delete(id),
  );
  return image;
}

const sameTemplate = (sent) => (one) => one.name === sent.name && one.language === sent.language.code;

function templateText(sent, templates) {
  const defined = templates.find(sameTemplate(sent))?.components ?? [];
  return defined
    .filter(({ text }) => text !== undefined)
    .map(({ type, text }) => {
      const given = sent.components?.find((one) => one.type === type.toLowerCase())?.parameters ?? [];
      return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name) => {
        const value = given.find((one) => one.parameter_name === name) ?? given[Number(name) - 1];
        return value?.text ?? whole;
      });
    })
    .join('\n');
}

/** What can be tapped of a message: reply buttons, rows of a list, quick replies of a template. */
function buttonsOf({ interactive, template }, templates) {
  if (interactive) {
    const { buttons = [], sections = [] } = interactive.action ?? {};
    return [
      ...buttons.map(({ reply }) => reply?.title),
      ...sections.flatMap(({ rows = [] }) => rows.map(({ title }) => title)),
    ].filter(Boolean);
  }
  if (!template) return [];
  const defined = templates.find(sameTemplate(template))?.components ?? [];
  return defined
    .flatMap(({ buttons = [] }) => buttons)
    .filter(({ type }) => type === 'QUICK_REPLY')
    .map(({ text }) => text);
}

const tapButton = (title) =>
  make('button', { type: 'button', onclick: guarded(() => act('tap', { from: customer.id, title })) }, title);

// ── Forms ──

connectComposer((text) => send({ text }));

find('new-person').addEventListener(
  'click',
  guarded(async () => {
    customer = await makeCustomer();
    await drawPhone();
  }),
);

find('file').addEventListener(
  'change',
  guarded(async ({ target }) => {
    const [file] = target.files;
    if (file === undefined) return;
    const caption = find('text').value.trim();
    const base64 = await base64Of(file);
    target.value = '';
    find('text').value = '';
    await send({
      file: {
        base64,
        type: file.type || 'application/octet-stream',
        name: file.name,
        ...(caption && { caption }),
      },
    });
  }),
);

function base64Of(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(',')[1] ?? '');
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

find('place').addEventListener(
  'click',
  guarded(() => send({ location: { latitude: 50.4501, longitude: 30.5234, name: 'Kyiv' } })),
);

find('react').addEventListener(
  'click',
  guarded(() => send({ reaction: { messageId: newest.id, emoji: '👍' } })),
);

find('reachable').addEventListener(
  'click',
  guarded(() => act('customer', { customer: customer.id, unreachable: !customer.unreachable })),
);

for (const button of document.querySelectorAll('[data-act]')) {
  button.addEventListener(
    'click',
    guarded(() => act(button.dataset.act, { customer: customer.id })),
  );
}

const { view } = startPage({
  provider: 'whatsapp',
  accounts: {
    path: 'numbers',
    id: 'phoneNumberId',
    name: ({ displayPhoneNumber, phoneNumberId }) => `+${displayPhoneNumber} · ${phoneNumberId}`,
  },
  panels: {
    calls: {
      load: () => ask('whatsapp/calls?limit=60'),
      empty: 'No call of the Cloud API yet.',
      read: ({ status, method, operation, code, fault }) => ({
        status,
        isBad: !(status < 300),
        name: operation.replaceAll('_', ' '),
        detail: dotted(
          method,
          code !== undefined && `code ${code}`,
          fault && `fault: ${fault.replaceAll('_', ' ')}`,
        ),
      }),
    },
    deliveries: {
      load: () => ask('whatsapp/deliveries?limit=60'),
      empty: 'No webhook was delivered yet.',
      read: ({ status, updates, attempt, body }) => ({
        status,
        isBad: status !== 200,
        name: `${updates} ${updates === 1 ? 'update' : 'updates'}`,
        detail: `attempt ${attempt}`,
        shown: JSON.parse(body),
      }),
    },
  },
  forgets: 'numbers, customers, messages',
  draw: drawPhone,
  changes: ({ type }) => ({ message: [drawPhone], number: ['accounts', drawPhone] })[type],
});
