import { type CallOptions, normalizeEmail, parseWith } from '@cartie/core';
import { z } from 'zod';
import type { Runner } from './area.ts';
import { deadlines } from './deadlines.ts';
import { service } from './invalid.ts';
import { operations } from './operations.ts';
import type { SendPulseValue } from './types.ts';

/** A contact as it should be in a book. */
export interface SyncedContact {
  addressBookId: number;
  /** One of `email` and `phone` must be given. */
  email?: string | undefined;
  /** In international form: `+380…`. */
  phone?: string | undefined;
  name?: string | undefined;
  /** Further variables of the contact. */
  variables?: Readonly<Record<string, SendPulseValue>> | undefined;
}

const schema = z
  .strictObject({
    addressBookId: z.int().positive(),
    email: z
      .string()
      .refine((text) => /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/.test(text), 'must be an e-mail address')
      .optional(),
    phone: z
      .string()
      .refine((text) => /^\+?[\d\s().-]{7,24}$/.test(text), 'must be a phone number')
      .optional(),
    name: z.string().optional(),
    variables: z.record(z.string().min(1), z.union([z.string(), z.number()])).optional(),
  })
  .refine(({ email, phone }) => (email ?? phone) !== undefined, {
    path: ['email'],
    message: 'must be given, or else `phone`',
  });

/**
 * Makes a contact or sets its variables. With an e-mail address that is one request; a phone alone is added to the book's
 * phones, and its variables are set by a second one. Either may be repeated.
 */
export function createSyncContact(
  runner: Runner,
  deadlineMs: number,
): (contact: SyncedContact, options?: CallOptions) => Promise<void> {
  return async (contact: SyncedContact, options: CallOptions = {}): Promise<void> => {
    const operation = 'syncContact';
    const checked = parseWith(schema, contact, { service, operation, code: 'invalid_input' });
    const { addressBookId, phone: given, name, variables = {} } = checked;
    const phone = given && `${given.trim().startsWith('+') ? '+' : ''}${given.replace(/\D/g, '')}`;
    const all = { ...variables, ...(name !== undefined && { name }), ...(phone !== undefined && { phone }) };
    if (checked.email !== undefined) {
      const email = normalizeEmail(checked.email) ?? checked.email;
      const row = operations.addressBooks.addEmails;
      const fields = { id: addressBookId, emails: [{ email, variables: all }] };
      await runner.run(operation, row, fields, options);
      return;
    }
    const deadlineOf = deadlines(options.deadlineMs ?? deadlineMs);
    const phones = [String(phone).replace('+', '')];
    const { phone: _phone, ...rest } = all;
    await runner.run(
      operation,
      operations.sms.addPhones,
      { addressBookId, phones },
      {
        ...options,
        deadlineMs: deadlineOf(),
      },
    );
    const set = Object.entries(rest).map(([key, value]) => ({
      name: key,
      type: typeof value as 'string' | 'number',
      value,
    }));
    if (set.length === 0) return;
    const fields = { addressBookId, phones, variables: set };
    await runner.run(operation, operations.sms.setVariables, fields, {
      ...options,
      deadlineMs: deadlineOf(),
    });
  };
}
