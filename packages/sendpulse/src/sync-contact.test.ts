import { isCartieError } from '@cartie/core';
import {
  type FaultKind,
  type RunningSandbox,
  type SandboxSendPulseAccount,
  startSandbox,
} from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { clientOf } from '../tests/support.ts';
import type { SendPulseClient, SyncedContact } from './index.ts';

let sandbox: RunningSandbox;
let account: SandboxSendPulseAccount;
let sendpulse: SendPulseClient;
let addressBookId: number;

beforeEach(async () => {
  sandbox = await startSandbox({ sendpulse: { rateScale: 0 }, history: 40_000 });
  account = sandbox.sendpulse.createAccount();
  sendpulse = clientOf(sandbox, account, { maxConcurrent: 40 });
  ({ id: addressBookId } = await sendpulse.addressBooks.create({ bookName: 'Київ' }));
});
afterEach(() => sandbox.close());

const contacts = () => sandbox.sendpulse.contacts(account, addressBookId);

describe('a contact', () => {
  test('is made, and brought up to date by the same call', async () => {
    const person = { addressBookId, email: 'Olena@Example.com', phone: '+38 (067) 123-45-67', name: 'Олена' };
    await sendpulse.syncContact({ ...person, variables: { city: 'Київ', visits: 1 } });
    await sendpulse.syncContact({ ...person, variables: { visits: 2 } });
    expect(contacts()).toEqual([
      {
        email: 'olena@example.com',
        status: 0,
        variables: { city: 'Київ', visits: 2, name: 'Олена', phone: '+380671234567' },
      },
    ]);
  });

  test('without an address is a phone of the book', async () => {
    const person = { addressBookId, phone: '+380671234567' };
    await sendpulse.syncContact(person);
    await sendpulse.syncContact({ ...person, name: 'Олена', variables: { city: 'Київ' } });
    expect(sandbox.sendpulse.phones(account, addressBookId)).toEqual([
      { phone: '380671234567', variables: { name: 'Олена', city: 'Київ' } },
    ]);
  });

  test.each<[Partial<SyncedContact>, string]>([
    [{}, 'email'],
    [{ email: 'no address' }, 'email'],
    [{ email: 'a@b.co,c@d.co' }, 'email'],
    [{ phone: 'call me' }, 'phone'],
    [{ email: 'a@b.co', addressBookId: 0 }, 'addressBookId'],
    [{ email: 'a@b.co', variables: { deep: {} as never } }, 'variables.deep'],
    [{ email: 'a@b.co', emial: 'x' } as never, 'emial'],
  ])('%j is refused before anything is sent', async (fields, field) => {
    const before = sandbox.sendpulse.calls().length;
    const person = { addressBookId, ...fields };
    await expect(sendpulse.syncContact(person)).rejects.toMatchObject({ code: 'invalid_input', field });
    expect(sandbox.sendpulse.calls()).toHaveLength(before);
  });
});

describe('10,000 contacts', () => {
  test('arrive exactly once each where 5 % of the calls fail', async () => {
    const count = 10_000;
    const kinds: FaultKind[] = ['server_error', 'html', 'reset', 'bad_json', 'empty'];
    const method = 'POST /addressbooks/{id}/emails';
    // Half of them fail after SendPulse has done what it was told.
    for (const kind of kinds) {
      for (const after of [false, true]) {
        sandbox.faults.set({ provider: 'sendpulse', method, kind, after, probability: 0.05 / 10 });
      }
    }
    const events: string[] = [];
    sandbox.sendpulse.setWebhook(account, {
      family: 'email',
      url: 'http://127.0.0.1:1',
      events: ['new_emails'],
    });
    let next = 0;
    let repeated = 0;
    await Promise.all(
      Array.from({ length: 40 }, async () => {
        while (next < count) {
          const index = next++;
          const contact = {
            addressBookId,
            email: `person${index}@example.com`,
            phone: `+380${670_000_000 + index}`,
            name: `Олена ${index}`,
          };
          for (;;) {
            try {
              await sendpulse.syncContact(contact);
              break;
            } catch (error) {
              if (!isCartieError(error) || !error.retryable) throw error;
              repeated += 1;
            }
          }
        }
      }),
    );
    events.push(...contacts().map(({ email }) => email));
    expect(new Set(events).size).toBe(count);
    expect(events).toHaveLength(count);
    const wrong = contacts().filter(({ email, variables }) => {
      const index = Number(/\d+/.exec(email)?.[0]);
      return variables.name !== `Олена ${index}` || variables.phone !== `+380${670_000_000 + index}`;
    });
    expect(wrong).toEqual([]);
    const told = sandbox.sendpulse.deliveries().reduce((sum, record) => sum + record.events, 0);
    await sandbox.sendpulse.flush();
    const all = sandbox.sendpulse.deliveries().reduce((sum, record) => sum + record.events, 0);
    expect(all).toBeGreaterThanOrEqual(told);
    expect(all).toBe(count);
    const faulted = sandbox.sendpulse.calls().filter(({ fault }) => fault !== undefined).length;
    expect(faulted).toBeGreaterThan(count * 0.03);
    expect(repeated).toBeLessThan(faulted);
  }, 120_000);
});
