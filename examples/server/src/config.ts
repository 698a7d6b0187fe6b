import { CartieError } from '@cartie/core';
import { z } from 'zod';
import { encryptionKeys } from './encryption-key.ts';

/** How the server reaches Telegram. */
export type TelegramConfig =
  /** A bot of the sandbox, which needs no account. */
  | {
      readonly mode: 'sandbox';
      readonly token: string;
      readonly webhookSecret: string | undefined;
      /** A balancer in front of several servers; `undefined` for this server's own address. */
      readonly publicUrl: string | undefined;
    }
  /** The real Telegram calls `PUBLIC_URL`. */
  | {
      readonly mode: 'webhook';
      readonly token: string;
      readonly webhookSecret: string | undefined;
      readonly publicUrl: string;
      readonly apiUrl: string | undefined;
    }
  /** The server asks the real Telegram for updates: there is no public address. */
  | { readonly mode: 'polling'; readonly token: string; readonly apiUrl: string | undefined };

/** How the server reaches Meta's Conversions API. */
export type MetaConfig =
  /** A dataset of the sandbox, which needs no account. */
  | { readonly mode: 'sandbox' }
  | {
      readonly mode: 'live';
      readonly datasetId: string;
      readonly accessToken: string;
      readonly appSecret: string | undefined;
      readonly testEventCode: string | undefined;
      /** A gateway or proxy in Meta's place. */
      readonly apiUrl: string | undefined;
    }
  /** A real provider is configured, but not this one: nothing is told to Meta, and the page says so. */
  | { readonly mode: 'off' };

/** Who may send leads to `POST /api/leads`. */
export interface LeadConfig {
  /** Sites whose forms are taken beside this server's own pages: `https://cars.example`. */
  readonly origins: readonly string[];
  /** Leads that one address may send in a minute. */
  readonly perMinute: number;
  /** Proxies in front of this server that append to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Of phones without a country code: two letters. */
  readonly country: string;
}

/** Which messages the server answers by itself. */
export interface AutoReplyConfig {
  /** `first`: `/start` and the first message of a conversation. */
  readonly mode: 'off' | 'first' | 'all';
  /** Only messages that begin with this are answered. */
  readonly prefix: string;
}

/** Everything that the environment decides. Made by {@link loadConfig}; nothing else reads the environment. */
export interface Config {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** PostgreSQL; `undefined` for PGlite in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly dataDir: string;
  /** `undefined` leaves the page open to everybody on this machine; only on loopback with the sandbox. */
  readonly adminToken: string | undefined;
  /** Base64 keys of 32 bytes, the newest first. */
  readonly encryptionKey: readonly [string, ...string[]];
  readonly telegram: TelegramConfig;
  readonly meta: MetaConfig;
  readonly leads: LeadConfig;
  /** A sandbox that runs elsewhere; `undefined` starts one in this process. */
  readonly sandboxUrl: string | undefined;
  /** Port of the sandbox of this process; `undefined` prefers 4010 and takes any where that is busy. */
  readonly sandboxPort: number | undefined;
  readonly autoReply: AutoReplyConfig;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Bound of a graceful stop. Milliseconds. */
  readonly stopTimeoutMs: number;
}

/** The sandbox's bot, always the same, so that a conversation goes on after a restart. Opens nothing. */
const sandboxToken = '7000000001:AAsandbox-bot-of-the-reference-server';

/**
 * Reads the configuration from the environment. An empty variable counts as not set.
 * @throws CartieError `invalid_config` that lists every problem at once: the variable and the fix, never the value
 */
export function loadConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    throw invalidConfig(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
  }
  const values = parsed.data;
  const telegram = telegramConfig(values);
  const meta = metaConfig(values, telegram);
  const onSandbox = telegram.mode === 'sandbox';
  const keys = encryptionKeys(values.CARTIE_ENCRYPTION_KEY, {
    dataDir: values.DATA_DIR,
    mayCreate: onSandbox,
  });
  const problems = [...contradictions(values, telegram, meta), ...(typeof keys === 'string' ? [keys] : [])];
  if (problems.length > 0 || typeof keys === 'string') throw invalidConfig(problems);
  return {
    host: values.HOST,
    port: values.PORT,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    dataDir: values.DATA_DIR,
    adminToken: values.ADMIN_TOKEN,
    encryptionKey: keys,
    telegram,
    meta,
    leads: {
      origins: values.LEADS_ORIGINS,
      perMinute: values.LEADS_PER_MINUTE,
      trustedProxies: values.TRUSTED_PROXIES,
      country: values.DEFAULT_COUNTRY,
    },
    sandboxUrl: values.SANDBOX_URL,
    sandboxPort: values.SANDBOX_PORT,
    autoReply: {
      mode: values.AUTO_REPLY ?? (onSandbox ? 'all' : 'first'),
      prefix: values.AUTO_REPLY_PREFIX,
    },
    logLevel: values.LOG_LEVEL,
    stopTimeoutMs: values.STOP_TIMEOUT_MS,
  };
}

/** Is this address reachable from this machine only? */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

const wholeNumber = (message: string): z.ZodType<number> =>
  z.string().regex(/^\d+$/, message).transform(Number);
const port = (message: string): z.ZodType<number> =>
  wholeNumber(message).refine((value) => value <= 65_535, message);
const url = (protocols: readonly string[], message: string): z.ZodType<string> =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), message);

const portRule = 'must be a port number between 0 and 65535.';

const variables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: port(portRule).default(3000),
  DATABASE_URL: url(
    ['postgres:', 'postgresql:'],
    'must look like postgres://user:password@host:5432/name. Leave it empty for the embedded database.',
  ).optional(),
  REDIS_URL: url(['redis:', 'rediss:'], 'must look like redis://host:6379.').optional(),
  DATA_DIR: z.string().default('.data'),
  ADMIN_TOKEN: z.string().min(16, 'must be at least 16 characters: openssl rand -hex 24').optional(),
  CARTIE_ENCRYPTION_KEY: z.string().optional(),
  PUBLIC_URL: url(
    ['https:', 'http:'],
    'must be the address at which Telegram reaches this server, such as https://bot.example.com.',
  )
    .transform((value) => value.replace(/\/+$/, ''))
    .optional(),
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d{3,20}:[\w-]{20,}$/, 'must be the token that @BotFather gave, such as 123456789:AA….')
    .optional(),
  TELEGRAM_WEBHOOK_SECRET: z
    .string()
    .regex(/^[\w-]{16,256}$/, 'must be 16 to 256 characters of A–Z, a–z, 0–9, _ and -: openssl rand -hex 32')
    .optional(),
  TELEGRAM_API_URL: url(
    ['https:', 'http:'],
    'must be the address of your own Bot API server, such as http://127.0.0.1:8081.',
  )
    .transform((value) => value.replace(/\/+$/, ''))
    .optional(),
  META_DATASET_ID: z
    .string()
    .regex(/^\d{5,30}$/, 'must be the id of the dataset (pixel): digits.')
    .optional(),
  META_ACCESS_TOKEN: z
    .string()
    .regex(/^[\w-]{20,}$/, 'must be a token with rights on the dataset, such as EAA….')
    .optional(),
  META_APP_SECRET: z
    .string()
    .regex(/^\w{16,}$/, 'must be the secret of the app that the token belongs to.')
    .optional(),
  META_TEST_EVENT_CODE: z
    .string()
    .regex(/^\w{1,40}$/, 'must be the code that «Test events» shows, such as TEST12345.')
    .optional(),
  META_API_URL: url(
    ['https:', 'http:'],
    'must be the address of your gateway or proxy, such as https://gateway.example.com/capi.',
  )
    .transform((value) => value.replace(/\/+$/, ''))
    .optional(),
  LEADS_ORIGINS: z
    .string()
    .default('')
    .transform((value) => value.split(/[\s,]+/).filter((origin) => origin !== ''))
    .refine(
      (origins) => origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin),
      'must be sites without a path, with commas between them: https://cars.example,https://www.cars.example.',
    ),
  LEADS_PER_MINUTE: wholeNumber('must be a whole number above 0.')
    .refine((value) => value > 0, 'must be a whole number above 0.')
    .default(10),
  TRUSTED_PROXIES: wholeNumber('must be the number of proxies in front of this server: 0, 1, ….').default(0),
  DEFAULT_COUNTRY: z
    .string()
    .regex(/^[A-Za-z]{2}$/, 'must be a country as two letters, such as UA.')
    .default('UA'),
  SANDBOX_URL: url(
    ['http:'],
    'must be the address of a sandbox on this machine, such as http://127.0.0.1:4010.',
  )
    .refine((value) => isLoopback(new URL(value).hostname), 'must be on this machine: http://127.0.0.1:4010.')
    .transform((value) => value.replace(/\/+$/, ''))
    .optional(),
  SANDBOX_PORT: port(portRule).optional(),
  AUTO_REPLY: z.enum(['off', 'first', 'all'], 'must be one of: off, first, all.').optional(),
  AUTO_REPLY_PREFIX: z.string().default(''),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be one of: trace, debug, info, warn, error, fatal, silent.',
    )
    .default('info'),
  STOP_TIMEOUT_MS: wholeNumber('must be a whole number of milliseconds.').default(15_000),
});

type Variables = z.infer<typeof variables>;

function telegramConfig(values: Variables): TelegramConfig {
  const token = values.TELEGRAM_BOT_TOKEN;
  const webhookSecret = values.TELEGRAM_WEBHOOK_SECRET;
  if (values.SANDBOX_URL !== undefined || token === undefined) {
    return { mode: 'sandbox', token: token ?? sandboxToken, webhookSecret, publicUrl: values.PUBLIC_URL };
  }
  const apiUrl = values.TELEGRAM_API_URL;
  if (values.PUBLIC_URL === undefined) return { mode: 'polling', token, apiUrl };
  return { mode: 'webhook', token, webhookSecret, publicUrl: values.PUBLIC_URL, apiUrl };
}

function metaConfig(values: Variables, telegram: TelegramConfig): MetaConfig {
  const { META_DATASET_ID: datasetId, META_ACCESS_TOKEN: accessToken } = values;
  if (datasetId !== undefined && accessToken !== undefined && values.SANDBOX_URL === undefined) {
    return {
      mode: 'live',
      datasetId,
      accessToken,
      appSecret: values.META_APP_SECRET,
      testEventCode: values.META_TEST_EVENT_CODE,
      apiUrl: values.META_API_URL,
    };
  }
  return { mode: telegram.mode === 'sandbox' ? 'sandbox' : 'off' };
}

function contradictions(values: Variables, telegram: TelegramConfig, meta: MetaConfig): string[] {
  const problems: string[] = [];
  const exposed = !isLoopback(values.HOST);
  const isReal = telegram.mode !== 'sandbox' || meta.mode === 'live';
  if (values.ADMIN_TOKEN === undefined && (exposed || isReal)) {
    const real = telegram.mode === 'sandbox' ? 'Meta' : 'Telegram';
    const why = exposed ? 'HOST can be reached from other machines' : `the server talks to the real ${real}`;
    problems.push(`ADMIN_TOKEN is missing, and ${why}. Make one: openssl rand -hex 24`);
  }
  if (
    telegram.mode === 'webhook' &&
    telegram.apiUrl === undefined &&
    !telegram.publicUrl.startsWith('https:')
  ) {
    problems.push('PUBLIC_URL must begin with https://, because Telegram calls no other address.');
  }
  if (telegram.mode === 'sandbox' && values.TELEGRAM_API_URL !== undefined) {
    problems.push(
      values.SANDBOX_URL === undefined
        ? 'TELEGRAM_API_URL needs TELEGRAM_BOT_TOKEN. Set both or neither.'
        : 'TELEGRAM_API_URL and SANDBOX_URL name two Telegrams. Keep one.',
    );
  }
  if ((values.META_DATASET_ID === undefined) !== (values.META_ACCESS_TOKEN === undefined)) {
    problems.push('META_DATASET_ID and META_ACCESS_TOKEN belong together. Set both or neither.');
  }
  for (const name of ['META_APP_SECRET', 'META_TEST_EVENT_CODE', 'META_API_URL'] as const) {
    if (values[name] !== undefined && values.META_ACCESS_TOKEN === undefined) {
      problems.push(`${name} needs META_DATASET_ID and META_ACCESS_TOKEN.`);
    }
  }
  return problems;
}

function invalidConfig(problems: readonly string[]): CartieError {
  return new CartieError('invalid_config', problems.map((problem) => `- ${problem}`).join('\n'), {
    service: 'server',
    operation: 'config',
  });
}
