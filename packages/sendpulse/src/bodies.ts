import type { Fields } from './operation.ts';

/** One field is the whole body: a list. */
export function only(field: string): (fields: Fields) => unknown {
  return (fields) => fields[field];
}

/** These texts travel in base64. */
export function base64Of(...names: readonly string[]): (fields: Fields) => Fields {
  return (fields) => {
    const encoded = names.flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' ? [[name, base64(value)] as const] : [];
    });
    return { ...fields, ...Object.fromEntries(encoded) };
  };
}

/** `emails` travels as one text with commas, in base64. */
export function emailsInBase64({ emails, ...rest }: Fields): Fields {
  return { ...rest, emails: base64((Array.isArray(emails) ? emails : [emails]).join(',')) };
}

/** Double opt-in: SendPulse writes to each of them first. */
export function withConfirmation(fields: Fields): Fields {
  return { ...fields, confirmation: 'force' };
}

/** A letter: `html` in base64, and each file by whether it is text or bytes. */
export function letter({ attachments, ...rest }: Fields): Fields {
  return { email: { ...base64Of('html')(rest), ...filesOf(attachments) } };
}

/** A campaign: `body` in base64, and its files. */
export function campaign({ attachments, ...rest }: Fields): Fields {
  return { ...base64Of('body', 'body_amp')(rest), ...filesOf(attachments) };
}

function filesOf(attachments: unknown): Fields {
  const files = Object.entries((attachments ?? {}) as Record<string, string | Uint8Array>);
  const texts = files.filter(([, content]) => typeof content === 'string');
  const bytes = files.flatMap(([name, content]) =>
    content instanceof Uint8Array ? [[name, Buffer.from(content).toString('base64')] as const] : [],
  );
  return {
    ...(texts.length > 0 && { attachments: Object.fromEntries(texts) }),
    ...(bytes.length > 0 && { attachments_binary: Object.fromEntries(bytes) }),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
