import { readFile, stat } from 'node:fs/promises';
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
  const source = await readFile(new URL('../src/config.ts', import.meta.url), 'utf8');
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
