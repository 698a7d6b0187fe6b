import type { Provider } from '../provider.ts';
import type {
  CustomerMessage,
  NumberReference,
  SandboxTemplate,
  SandboxTemplateStatus,
  WhatsAppNumberOptions,
  WhatsAppSandbox,
} from './public.ts';

/** The control API of the simulated WhatsApp: the functions of {@link WhatsAppSandbox} over JSON. A number is named by its id. */
export function whatsAppControl(whatsapp: WhatsAppSandbox): Provider['control'] {
  // Without an id the first number is meant: there is mostly one.
  const oneOf = ({ number }: Record<string, unknown>): NumberReference => {
    const found = number === undefined || number === '' ? whatsapp.numbers()[0] : String(number);
    if (found === undefined)
      throw new Error('number: there is none yet; POST {} to /_sandbox/whatsapp/numbers');
    return found;
  };
  const newest = (items: readonly unknown[], { limit }: Record<string, unknown>): unknown[] =>
    items.slice(-(Number(limit) || 100));
  return {
    reads: {
      numbers: () => whatsapp.numbers(),
      messages: (input) =>
        newest(whatsapp.messages(input.customer === undefined ? undefined : String(input.customer)), input),
      templates: () => whatsapp.templates(),
      customers: (input) => whatsapp.customers(oneOf(input)),
      file: ({ id }) => ({ base64: Buffer.from(whatsapp.file(String(id)) ?? '').toString('base64') }),
      calls: (input) => newest(whatsapp.calls(), input),
      deliveries: (input) => newest(whatsapp.deliveries(), input),
    },
    actions: {
      numbers: (input) => whatsapp.createNumber(input as WhatsAppNumberOptions),
      webhook: async (input) => {
        await whatsapp.setWebhook(oneOf(input), {
          url: String(input.url),
          verifyToken: String(input.verifyToken),
        });
        return { ok: true };
      },
      send: ({ number, file, ...message }) => ({
        id: whatsapp.customerSends(oneOf({ number }), {
          ...(message as unknown as CustomerMessage),
          ...(file !== undefined && { file: fileOf(file as Record<string, string>) }),
        }),
      }),
      tap: (input) => ({
        id: whatsapp.customerTaps(oneOf(input), { from: String(input.from), title: String(input.title) }),
      }),
      read: (input) => whatsapp.customerReads(oneOf(input), String(input.customer)),
      customer: ({ customer, ...state }) => whatsapp.setCustomer(String(customer), state),
      window: (input) => whatsapp.closeWindow(oneOf(input), String(input.customer)),
      fail: ({ code, count }) => whatsapp.failNext(Number(code), count === undefined ? 1 : Number(count)),
      token: ({ token, state }) => whatsapp.setToken(String(token), state as 'valid'),
      templates: ({ number, ...template }) =>
        whatsapp.createTemplate(oneOf({ number }), template as unknown as SandboxTemplate),
      template: ({ id, status }) => whatsapp.setTemplate(String(id), status as SandboxTemplateStatus),
      change: (input) =>
        whatsapp.pushChange(oneOf(input), String(input.field), input.value as Record<string, unknown>),
    },
  };
}

function fileOf({
  base64 = '',
  type = 'application/pdf',
  name,
  caption,
}: Record<string, string>): CustomerMessage['file'] {
  return { bytes: Buffer.from(base64, 'base64'), type, name, caption };
}
