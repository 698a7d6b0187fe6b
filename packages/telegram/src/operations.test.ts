import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isIdempotent, type Operation, operationOf, operations } from './operations.ts';

/** The methods of `@grammyjs/types`, read from its declarations: types cannot be asked at run time. */
function methodsOfTypes(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve('@grammyjs/types/package.json'));
  const declarations = readFileSync(join(folder, 'methods.d.ts'), 'utf8');
  const [, body = ''] = /export type ApiMethods<F> = \{([\s\S]*?)\n\};/.exec(declarations) ?? [];
  return Array.from(body.matchAll(/^ {4}([a-zA-Z]+)(?:\(|: ApiMethods)/gm), ([, name = '']) => name);
}

const names = (wanted: (operation: Operation) => boolean) =>
  Object.entries<Operation>(operations).flatMap(([name, row]) => (wanted(row) ? [name] : []));

describe('the table of methods', () => {
  it('names every method of the types and no other', () => {
    const methods = methodsOfTypes();
    expect(methods.length).toBeGreaterThan(180);
    expect(Object.keys(operations).toSorted()).toEqual(methods.toSorted());
  });

  it('lets no call be repeated that sends, pays or makes something', () => {
    const dangerous =
      /^(send(?!ChatAction|.*Draft)|forward|copy|post|repost|gift|transfer|upgrade|convert|create(?!InvoiceLink)|add)/;
    expect(names(({ idempotent }) => idempotent === true).filter((name) => dangerous.test(name))).toEqual([]);
  });

  it('lets every call be repeated that only reads', () => {
    expect(names(({ idempotent }) => idempotent !== true).filter((name) => name.startsWith('get'))).toEqual(
      [],
    );
  });

  it('paces what sends or edits a message, and nothing else', () => {
    for (const name of names(({ rate }) => rate === 'message')) expect(name).toMatch(/^(send|forward|copy)/);
    for (const name of names(({ rate }) => rate === 'edit'))
      expect(name).toMatch(/^(edit|stop|setGameScore)/);
    expect(names(({ rate }) => rate === 'draft')).toEqual(['sendMessageDraft', 'sendRichMessageDraft']);
    expect(names(({ rate }) => rate === 'message')).toHaveLength(25);
  });
});

describe('whether a call may be repeated', () => {
  it('depends on its parameters where the method does another thing without them', () => {
    const unpin = operationOf('unpinChatMessage');
    expect(isIdempotent(unpin, { chat_id: 1, message_id: 2 })).toBe(true);
    expect(isIdempotent(unpin, { chat_id: 1 })).toBe(false);
    const webhook = operationOf('setWebhook');
    expect(isIdempotent(webhook, { url: 'https://example.com' })).toBe(true);
    expect(isIdempotent(webhook, { url: 'https://example.com', drop_pending_updates: true })).toBe(false);
  });

  it('is denied for a method that is not known, which is paced if it sends', () => {
    expect(operationOf('sendHologram', { chat_id: 1 })).toMatchObject({ idempotent: false, rate: 'message' });
    expect(operationOf('getHologram', {})).toMatchObject({ idempotent: false, rate: 'none' });
    expect(operationOf('constructor', {})).toMatchObject({ idempotent: false, rate: 'none' });
  });
});
