import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isCartieError } from '@cartie/core';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config.ts';
import { freshFolder } from './test-server.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const real = {
  TELEGRAM_BOT_TOKEN: '123456789:AAabcdefghijklmnopqrstuvwxyz0123456',
  ADMIN_TOKEN: 'a-token-of-an-operator',
  CARTIE_ENCRYPTION_KEY: key,
};

function problems(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    if (isCartieError(error) && error.code === 'invalid_config') return error.message;
    throw error;
  }
  throw new Error('The configuration was accepted');
}

describe('without any variable', () => {
  it('runs on the sandbox, on loopback, with an embedded database', async () => {
    await using folder = await freshFolder();
    const config = loadConfig({ DATA_DIR: folder.path, DATABASE_URL: '' });
    expect(config.telegram.mode).toBe('sandbox');
    expect(config).toMatchObject({ host: '127.0.0.1', port: 3000, autoReply: { mode: 'all' } });
    expect(config.databaseUrl).toBeUndefined();
  });

  it('makes an encryption key once and keeps it where only the owner can read it', async () => {
    await using folder = await freshFolder();
    const first = loadConfig({ DATA_DIR: folder.path }).encryptionKey;
    expect(loadConfig({ DATA_DIR: folder.path }).encryptionKey).toEqual(first);
    const file = join(folder.path, 'encryption.key');
    expect(Buffer.from(await readFile(file, 'utf8'), 'base64')).toHaveLength(32);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

describe('with a bot token', () => {
  it('polls where there is no public address, and takes a webhook where there is one', () => {
    expect(loadConfig(real).telegram.mode).toBe('polling');
    const withUrl = loadConfig({ ...real, PUBLIC_URL: 'https://bot.example.com/' }).telegram;
    expect(withUrl).toMatchObject({ mode: 'webhook', publicUrl: 'https://bot.example.com' });
    expect(loadConfig(real).autoReply.mode).toBe('first');
  });

  it('makes no encryption key by itself, and says how to make one', async () => {
    await using folder = await freshFolder();
    const message = problems({ ...real, CARTIE_ENCRYPTION_KEY: '', DATA_DIR: folder.path });
    expect(message).toContain('CARTIE_ENCRYPTION_KEY is missing');
    expect(message).toContain('openssl rand -base64 32');
    await expect(stat(join(folder.path, 'encryption.key'))).rejects.toThrow();
  });

  it('needs an ADMIN_TOKEN even on loopback', () => {
    expect(problems({ ...real, ADMIN_TOKEN: '' })).toContain('ADMIN_TOKEN is missing');
  });

  it('needs https for the real Telegram, not for a Bot API server of one’s own', () => {
    const plain = { ...real, PUBLIC_URL: 'http://10.0.0.5:3000' };
    expect(problems(plain)).toContain('PUBLIC_URL must begin with https://');
    expect(loadConfig({ ...plain, TELEGRAM_API_URL: 'http://10.0.0.6:8081' }).telegram.mode).toBe('webhook');
  });
});

describe('SendPulse', () => {
  const clientId = 'an-id-of-an-account';
  const clientSecret = 'a-secret-of-an-account';
  const live = { ...real, SENDPULSE_CLIENT_ID: clientId, SENDPULSE_CLIENT_SECRET: clientSecret };

  it('is real with credentials or a key, of the sandbox without, and off beside a real bot', () => {
    const { sendpulse } = loadConfig({ ...live, SENDPULSE_ADDRESS_BOOK_ID: '42' });
    expect(sendpulse).toMatchObject({
      mode: 'live',
      credentials: { clientId, clientSecret },
      addressBookId: 42,
    });
    const withKey = loadConfig({ ...real, SENDPULSE_API_KEY: 'a-static-key' }).sendpulse;
    expect(withKey).toMatchObject({ mode: 'live', credentials: { apiKey: 'a-static-key' } });
    expect(loadConfig(real).sendpulse).toEqual({ mode: 'off' });
    expect(loadConfig({ CARTIE_ENCRYPTION_KEY: key }).sendpulse.mode).toBe('sandbox');
  });

  it('has a secret at the end of its webhook, always the same for an account', () => {
    const secretOf = (environment: Record<string, string>) => {
      const { sendpulse } = loadConfig(environment);
      return sendpulse.mode === 'off' ? '' : sendpulse.webhookSecret;
    };
    expect(secretOf(live)).toMatch(/^[\w-]{40,}$/);
    expect(secretOf(live)).toBe(secretOf(live));
    expect(secretOf(live)).not.toContain(clientSecret);
    expect(secretOf({ ...live, SENDPULSE_WEBHOOK_SECRET: 'a-secret-of-my-own' })).toBe('a-secret-of-my-own');
  });

  it('refuses what contradicts itself', () => {
    expect(problems({ ...real, SENDPULSE_CLIENT_ID: clientId })).toContain('belong together');
    expect(problems({ ...live, SENDPULSE_API_KEY: 'a-static-key' })).toContain('Keep one');
    expect(problems({ ...real, SENDPULSE_ADDRESS_BOOK_ID: '42' })).toContain(
      'SENDPULSE_ADDRESS_BOOK_ID needs',
    );
    expect(problems({ ...live, ADMIN_TOKEN: '', TELEGRAM_BOT_TOKEN: '' })).toContain('the real SendPulse');
  });
});

describe('AUTO.RIA', () => {
  const apiKey = 'kSeGyrtObkWzQ0aYH7e4mX2cVn9Tq5LbJ8RdUf31';

  it('is real with a key, of the sandbox without one, and off beside a real bot', () => {
    expect(loadConfig({ ...real, AUTORIA_API_KEY: apiKey, AUTORIA_PER_HOUR: '100' }).autoria).toEqual({
      mode: 'live',
      apiKey,
      userId: undefined,
      perHour: 100,
      perMonth: 1_000,
    });
    expect(loadConfig(real).autoria.mode).toBe('off');
    expect(loadConfig({ CARTIE_ENCRYPTION_KEY: key }).autoria).toMatchObject({
      mode: 'sandbox',
      perHour: 30,
    });
  });

  it('needs an ADMIN_TOKEN, and a key for the account', () => {
    expect(problems({ CARTIE_ENCRYPTION_KEY: key, AUTORIA_API_KEY: apiKey })).toContain('the real AUTO.RIA');
    expect(problems({ ...real, AUTORIA_USER_ID: '7069830' })).toContain(
      'AUTORIA_USER_ID needs AUTORIA_API_KEY',
    );
    expect(problems({ ...real, AUTORIA_API_KEY: 'short' })).not.toContain('short');
  });
});

describe('accounts that read channels', () => {
  const own = { TELEGRAM_API_ID: '12345', TELEGRAM_API_HASH: '0123456789abcdef0123456789abcdef' };
  const api = { apiId: 12_345, apiHash: own.TELEGRAM_API_HASH };
  const { TELEGRAM_BOT_TOKEN: _, ...withoutBot } = real;

  it('are simulated where nothing is real, and real with an app or beside a real bot', async () => {
    await using folder = await freshFolder();
    expect(loadConfig({ DATA_DIR: folder.path }).mtproto.mode).toBe('sandbox');
    expect(loadConfig({ ...withoutBot, ...own }).mtproto).toEqual({ mode: 'live', api });
    expect(loadConfig({ ...withoutBot, ...own }).telegram.mode).toBe('sandbox');
    expect(loadConfig({ ...real, ...own }).mtproto).toEqual({ mode: 'live', api });
    expect(loadConfig(real).mtproto).toEqual({ mode: 'live', api: undefined });
    const elsewhere = { ...withoutBot, ...own, SANDBOX_URL: 'http://127.0.0.1:4010' };
    expect(loadConfig(elsewhere).mtproto.mode).toBe('sandbox');
  });

  it('need id and hash of the app together, an ADMIN_TOKEN, and a key of their own for what they keep', async () => {
    await using folder = await freshFolder();
    expect(problems({ ...real, TELEGRAM_API_ID: '12345' })).toContain('belong together');
    const message = problems({ DATA_DIR: folder.path, ...own });
    expect(message).toContain('the server talks to the real Telegram');
    expect(message).toContain('CARTIE_ENCRYPTION_KEY is missing');
  });
});

it('needs an ADMIN_TOKEN where other machines can reach it', () => {
  for (const HOST of ['0.0.0.0', '::', '192.168.1.4', '127.example.com']) {
    expect(problems({ HOST, CARTIE_ENCRYPTION_KEY: key })).toContain(
      'HOST can be reached from other machines',
    );
  }
  for (const HOST of ['127.0.0.1', 'localhost', '::1']) {
    expect(loadConfig({ HOST, CARTIE_ENCRYPTION_KEY: key }).host).toBe(HOST);
  }
});

it('takes a list of encryption keys, the newest first', () => {
  const old = Buffer.alloc(32, 1).toString('base64');
  expect(loadConfig({ CARTIE_ENCRYPTION_KEY: `${key}, ${old}` }).encryptionKey).toEqual([key, old]);
});

it('names every wrong variable at once with its fix, and never a value', () => {
  const secret = 'SECRET-VALUE';
  const message = problems({
    PORT: `${secret}-1`,
    DATABASE_URL: `mysql://user:${secret}@host/db`,
    REDIS_URL: `http://${secret}`,
    ADMIN_TOKEN: 'SECRET',
    TELEGRAM_BOT_TOKEN: secret,
    TELEGRAM_WEBHOOK_SECRET: `${secret} with spaces`,
    PUBLIC_URL: secret,
    SANDBOX_URL: `http://${secret}.example.com`,
    AUTO_REPLY: secret,
    LOG_LEVEL: secret,
    STOP_TIMEOUT_MS: secret,
  });
  for (const name of [
    'PORT',
    'DATABASE_URL',
    'REDIS_URL',
    'ADMIN_TOKEN',
    'TELEGRAM_BOT_TOKEN',
    'TELEGRAM_WEBHOOK_SECRET',
    'PUBLIC_URL',
    'SANDBOX_URL',
    'AUTO_REPLY',
    'LOG_LEVEL',
    'STOP_TIMEOUT_MS',
  ]) {
    expect(message).toContain(`- ${name} must`);
  }
  expect(message).not.toMatch(/SECRET-VALUE|mysql|= ?SECRET/);
  expect(problems({ CARTIE_ENCRYPTION_KEY: 'c2hvcnQ=' })).toContain('CARTIE_ENCRYPTION_KEY must be 32 bytes');
});

it('documents every variable in .env.example', async () => {
  const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8');
  const documented = new Set(example.match(/^[A-Z_]+(?==)/gm));
  const folder = new URL('../src/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('config.ts'));
  const files = names.map((name) => readFile(new URL(name, folder), 'utf8'));
  const source = (await Promise.all(files)).join('\n');
  const read = new Set(source.match(/^ {2}[A-Z_]+(?=:)/gm)?.map((name) => name.trim()));
  expect(read.size).toBeGreaterThan(10);
  expect(documented).toEqual(read);
});

describe('Meta', () => {
  const meta = { META_DATASET_ID: '123456789012345', META_ACCESS_TOKEN: 'EAAtoken0123456789abcdef' };

  it('is the sandbox where nothing is real, real with a dataset and its token, and off beside a real bot', async () => {
    await using folder = await freshFolder();
    expect(loadConfig({ DATA_DIR: folder.path }).meta).toEqual({ mode: 'sandbox' });
    expect(loadConfig({ ...real, ...meta, META_TEST_EVENT_CODE: 'TEST1' }).meta).toMatchObject({
      mode: 'live',
      datasetId: '123456789012345',
      testEventCode: 'TEST1',
    });
    expect(loadConfig(real).meta).toEqual({ mode: 'off' });
    const elsewhere = { ...real, ...meta, SANDBOX_URL: 'http://127.0.0.1:4010' };
    expect(loadConfig(elsewhere).meta).toEqual({ mode: 'sandbox' });
  });

  it('needs the dataset and the token together, and an ADMIN_TOKEN', async () => {
    await using folder = await freshFolder();
    expect(problems({ ...real, META_DATASET_ID: '123456789012345' })).toContain('Set both or neither');
    expect(problems({ ...real, META_APP_SECRET: '0123456789abcdef' })).toContain('META_APP_SECRET needs');
    expect(problems({ ...meta, DATA_DIR: folder.path })).toContain('the server talks to the real Meta');
    const message = problems({ ...real, ...meta, META_ACCESS_TOKEN: 'short' });
    expect(message).toContain('META_ACCESS_TOKEN');
    expect(message).not.toContain('short');
  });
});

describe('Viber', () => {
  const viber = { VIBER_AUTH_TOKEN: '44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3' };
  const PUBLIC_URL = 'https://bot.example.com';

  it('is the sandbox where nothing is real, real with a token, and off beside a real bot', async () => {
    await using folder = await freshFolder();
    expect(loadConfig({ DATA_DIR: folder.path }).viber).toMatchObject({
      mode: 'sandbox',
      senderName: 'Support',
    });
    expect(loadConfig({ ...real, ...viber, PUBLIC_URL, VIBER_SENDER_NAME: 'Cars' }).viber).toEqual({
      mode: 'live',
      authToken: viber.VIBER_AUTH_TOKEN,
      senderName: 'Cars',
    });
    expect(loadConfig(real).viber).toEqual({ mode: 'off' });
  });

  it('needs an address that Viber can call, and an ADMIN_TOKEN', async () => {
    await using folder = await freshFolder();
    expect(problems({ ...real, ...viber })).toContain('VIBER_AUTH_TOKEN needs PUBLIC_URL');
    expect(problems({ ...viber, PUBLIC_URL, DATA_DIR: folder.path })).toContain(
      'the server talks to the real Viber',
    );
    const message = problems({ ...real, PUBLIC_URL, VIBER_AUTH_TOKEN: 'short' });
    expect(message).toContain('VIBER_AUTH_TOKEN');
    expect(message).not.toContain('short');
  });
});

describe('WhatsApp', () => {
  const whatsapp = {
    WHATSAPP_PHONE_NUMBER_ID: '106540352242922',
    WHATSAPP_BUSINESS_ACCOUNT_ID: '102290129340398',
    WHATSAPP_ACCESS_TOKEN: 'EAAtoken0123456789abcdef',
    WHATSAPP_APP_SECRET: '0123456789abcdef0123456789abcdef',
  };
  const PUBLIC_URL = 'https://bot.example.com';

  it('is the sandbox where nothing is real, real with an account, and off beside a real bot', async () => {
    await using folder = await freshFolder();
    expect(loadConfig({ DATA_DIR: folder.path }).whatsapp).toMatchObject({
      mode: 'sandbox',
      throughput: 80,
      fallback: { name: 'answer', language: 'en' },
    });
    const own = { WHATSAPP_FALLBACK_TEMPLATE: 'our_answer:uk', WHATSAPP_THROUGHPUT: '20' };
    const config = loadConfig({ ...real, ...whatsapp, ...own, PUBLIC_URL }).whatsapp;
    expect(config).toMatchObject({
      mode: 'live',
      throughput: 20,
      fallback: { name: 'our_answer', language: 'uk' },
      account: { phoneNumberId: '106540352242922', verifyToken: expect.stringMatching(/^[\w-]{43}$/) },
    });
    expect(loadConfig({ ...real, ...whatsapp, PUBLIC_URL }).whatsapp).toMatchObject({ fallback: undefined });
    expect(loadConfig(real).whatsapp).toEqual({ mode: 'off' });
  });

  it('needs its account whole, an address that Meta can call, and an ADMIN_TOKEN', async () => {
    await using folder = await freshFolder();
    expect(problems({ ...real, WHATSAPP_PHONE_NUMBER_ID: '106540352242922', PUBLIC_URL })).toContain(
      'WHATSAPP_PHONE_NUMBER_ID needs WHATSAPP_BUSINESS_ACCOUNT_ID, WHATSAPP_ACCESS_TOKEN, WHATSAPP_APP_SECRET too.',
    );
    expect(problems({ ...real, ...whatsapp })).toContain('WHATSAPP_PHONE_NUMBER_ID needs PUBLIC_URL');
    expect(problems({ ...whatsapp, PUBLIC_URL, DATA_DIR: folder.path })).toContain(
      'the server talks to the real WhatsApp',
    );
    const message = problems({ ...real, ...whatsapp, PUBLIC_URL, WHATSAPP_ACCESS_TOKEN: 'short' });
    expect(message).toContain('WHATSAPP_ACCESS_TOKEN');
    expect(message).not.toContain('short');
  });
});

describe('leads', () => {
  it('come from this server’s own pages, ten a minute from one address, until told otherwise', () => {
    expect(loadConfig(real).leads).toEqual({ origins: [], perMinute: 10, trustedProxies: 0, country: 'UA' });
    const LEADS_ORIGINS = 'https://cars.example, https://www.cars.example';
    expect(loadConfig({ ...real, LEADS_ORIGINS }).leads.origins).toEqual([
      'https://cars.example',
      'https://www.cars.example',
    ]);
    expect(problems({ ...real, LEADS_ORIGINS: 'https://cars.example/form' })).toContain('LEADS_ORIGINS');
    expect(problems({ ...real, LEADS_PER_MINUTE: '0' })).toContain('LEADS_PER_MINUTE');
  });
});
