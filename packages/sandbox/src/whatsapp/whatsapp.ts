import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { whatsAppControl } from './control.ts';
import { createCustomers } from './customers.ts';
import { createDelivery } from './delivery.ts';
import { createHandlers, filesOrigin, whatsAppOrigin } from './handlers.ts';
import { createOperations } from './operations.ts';
import type { NumberReference, WhatsAppCallRecord, WhatsAppOptions, WhatsAppSandbox } from './public.ts';
import { createBuckets } from './rate-limits.ts';
import { createSending } from './sending.ts';
import { createState, newId } from './state.ts';

/** Creates the simulated WhatsApp and its place among the providers. */
export function createWhatsApp(
  context: ProviderContext,
  options: Readonly<Record<keyof WhatsAppOptions, number>>,
): { sandbox: WhatsAppSandbox; provider: Provider } {
  const { clock, live, history } = context;
  const state = createState();
  const buckets = createBuckets();
  const calls = createRingBuffer<WhatsAppCallRecord>(history);
  const waiters = new Set<() => void>();
  let failures: number[] = [];

  const changed = (): void => {
    for (const waiter of [...waiters]) waiter();
  };
  const delivery = createDelivery(context, changed);
  const sending = createSending(context, {
    state,
    buckets,
    delivery,
    options,
    takeFailure: () => failures.shift(),
    changed,
  });
  const customers = createCustomers(context, state, delivery);

  const setTemplate: WhatsAppSandbox['setTemplate'] = (id, status) => {
    const template = state.templates.get(id);
    if (!template) throw new Error('template: the sandbox has no template with this id');
    template.status = status;
    const number = [...state.numbers.values()].find(
      (one) => one.businessAccountId === template.businessAccountId,
    );
    if (!number) return;
    delivery.push(number, {
      field: 'message_template_status_update',
      value: {
        event: status,
        message_template_id: Number(id),
        message_template_name: template.name,
        message_template_language: template.language,
        reason: status === 'REJECTED' ? 'INCORRECT_CATEGORY' : 'NONE',
      },
    });
  };

  const sandbox: WhatsAppSandbox = {
    apiUrl: whatsAppOrigin,
    createNumber: (input = {}) => {
      const {
        pin: _pin,
        registered: _registered,
        ...number
      } = state.createNumber(input) as never as Record<string, never>;
      live.emit({ provider: 'whatsapp', type: 'number' });
      return number as never;
    },
    numbers: () => [...state.numbers.values()],
    setWebhook: (number, target) => delivery.setTarget(state.number(number), target),
    customerSends: (number, message) => customers.sends(state.number(number), message),
    customerTaps: (number, { from, title }) => customers.taps(state.number(number), from, title),
    customerReads(number, customer) {
      const { phoneNumberId } = state.number(number);
      for (const message of state.messages.values()) {
        const isOpen = message.status === 'delivered' || message.status === 'sent';
        if (
          message.phoneNumberId === phoneNumberId &&
          message.customer === customer &&
          message.from === 'business' &&
          isOpen
        ) {
          sending.status(message, 'read');
        }
      }
    },
    setCustomer(customer, change) {
      state.customers.set(customer, { ...state.customers.get(customer), ...change });
      live.emit({ provider: 'whatsapp', type: 'message' });
    },
    customers: (number) => customers.list(state.number(number)),
    closeWindow(number, customer) {
      state.windows.delete(`${state.number(number).phoneNumberId} ${customer}`);
      live.emit({ provider: 'whatsapp', type: 'message' });
    },
    failNext(code, count = 1) {
      if (!(Number.isInteger(code) && Number.isInteger(count) && count > 0)) {
        throw new TypeError('code and count must be whole numbers, count above 0');
      }
      failures = [...failures, ...Array.from({ length: count }, () => code)];
    },
    setToken(token, standing) {
      if (!['valid', 'expired', 'no_permission'].includes(standing)) {
        throw new TypeError('state must be one of valid, expired, no_permission');
      }
      state.tokens.set(token, standing);
    },
    createTemplate(number: NumberReference, { category = 'UTILITY', ...template }) {
      const { businessAccountId } = state.number(number);
      for (const { id, name, language, businessAccountId: owner } of state.templates.values()) {
        if (name === template.name && language === template.language && owner === businessAccountId)
          state.templates.delete(id);
      }
      const made = { ...template, id: newId(), businessAccountId, category, status: 'APPROVED' as const };
      state.templates.set(made.id, made);
      return made;
    },
    setTemplate,
    pushChange: (number, field, value) => delivery.push(state.number(number), { field, value }),
    messages: (customer) =>
      [...state.messages.values()]
        .filter((one) => customer === undefined || one.customer === customer)
        .map((one) => ({ ...one })),
    templates: () => [...state.templates.values()].map((one) => ({ ...one })),
    calls: () => calls.items(),
    deliveries: () => delivery.deliveries(),
    file: (id) => state.files.get(id)?.bytes,
    settled: () =>
      new Promise((resolve) => {
        const look = (): void => {
          if (sending.pending > 0 || delivery.pending > 0) return;
          waiters.delete(look);
          resolve();
        };
        waiters.add(look);
        look();
      }),
    reset() {
      state.clear();
      buckets.clear();
      calls.clear();
      sending.reset();
      delivery.reset();
      failures = [];
      live.emit({ provider: 'whatsapp', type: 'reset' });
      changed();
    },
  };

  const operations = createOperations({
    state,
    clock,
    sending,
    templateChanged: setTemplate,
    setWebhook: sandbox.setWebhook,
    fileUrl: (key) =>
      `${sandbox.apiUrl === whatsAppOrigin ? filesOrigin : sandbox.apiUrl}/whatsapp_business/attachments/?mid=${key}`,
  });

  return {
    sandbox,
    provider: {
      name: 'whatsapp',
      origin: whatsAppOrigin,
      handlers: createHandlers(context, {
        state,
        operations,
        file(key) {
          const flow = state.flows.get(key.replace(/^flow-/, ''));
          if (flow?.json !== undefined) return { bytes: Buffer.from(flow.json), type: 'application/json' };
          return [...state.files.values()].find(({ urls }) => (urls.get(key) ?? 0) > clock.now());
        },
        record(call) {
          calls.push(call);
          live.emit({ provider: 'whatsapp', type: 'call' });
        },
      }),
      control: whatsAppControl(sandbox),
      reset: () => sandbox.reset(),
      close: () => {
        waiters.clear();
        delivery.reset();
      },
    },
  };
}
