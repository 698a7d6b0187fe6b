import { CartieError } from '@cartie/core';
import { z } from 'zod';
import { type AutoRiaConfig, autoRiaConfig, autoRiaProblems, autoRiaVariables } from './autoria-config.ts';
import { encryptionKeys } from './encryption-key.ts';
import {
  type SendPulseConfig,
  sendPulseConfig,
  sendPulseProblems,
  sendPulseVariables,
} from './sendpulse-config.ts';
import {
  type WhatsAppConfig,
  whatsAppConfig,
  whatsAppProblems,
  whatsAppVariables,
} from './whatsapp-config.ts';

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

/** How the server reaches Viber. */
export type ViberConfig =
  | { readonly mode: 'off' }
  /** A bot of the sandbox. */
  | { readonly mode: 'sandbox'; readonly authToken: string; readonly senderName: string }
  /** The real Viber calls `PUBLIC_URL`. */
  | { readonly mode: 'live'; readonly authToken: string; readonly senderName: string };

/** How the accounts that read channels reach Telegram. */
export interface MtprotoConfig {
  readonly mode: 'sandbox' | 'live';
  /** The app of accounts that bring none of their own. */
  readonly api: { readonly apiId: number; readonly apiHash: string } | undefined;
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
  /** Where providers reach this server; `undefined` for its own address. */
  readonly publicUrl: string | undefined;
  readonly dataDir: string;
  /** `undefined` leaves the page open to everybody on this machine; only on loopback with the sandbox. */
  readonly adminToken: string | undefined;
  /** Base64 keys of 32 bytes, the newest first. */
  readonly encryptionKey: readonly [string, ...string[]];
  readonly telegram: TelegramConfig;
  readonly viber: ViberConfig;
  readonly whatsapp: WhatsAppConfig;
  readonly meta: MetaConfig;
  readonly sendpulse: SendPulseConfig;
  readonly autoria: AutoRiaConfig;
  readonly mtproto: MtprotoConfig;
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
const sandboxViberToken = '7000000001aaaaaa-5andb0xb0t0fthe0-reference0server';
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
  const viber = viberConfig(values, telegram);
  const onSandbox = telegram.mode === 'sandbox';
  const whatsapp = whatsAppConfig(values, { all: values.SANDBOX_URL !== undefined, others: onSandbox });
  const sendpulse = sendPulseConfig(values, { all: values.SANDBOX_URL !== undefined, others: onSandbox });
  const autoria = autoRiaConfig(values, { all: values.SANDBOX_URL !== undefined, others: onSandbox });
  const keys = encryptionKeys(values.CARTIE_ENCRYPTION_KEY, {
    dataDir: values.DATA_DIR,
    mayCreate: onSandbox,
  });
  const problems = [
    ...contradictions(values, { telegram, meta, viber, whatsapp, sendpulse, autoria }),
    ...whatsAppProblems(values, whatsapp),
    ...sendPulseProblems(values),
    ...autoRiaProblems(values),
    ...(typeof keys === 'string' ? [keys] : []),
  ];
  if (problems.length > 0 || typeof keys === 'string') throw invalidConfig(problems);
  return {
    host: values.HOST,
    port: values.PORT,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    publicUrl: values.PUBLIC_URL,
    dataDir: values.DATA_DIR,
    adminToken: values.ADMIN_TOKEN,
    encryptionKey: keys,
    telegram,
    viber,
    whatsapp,
    meta,
    sendpulse,
    autoria,
    mtproto: mtprotoConfig(values, telegram),
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
    'must be the address at which providers reach this server, such as https://bot.example.com.',
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
  VIBER_AUTH_TOKEN: z
    .string()
    .regex(
      /^[\da-z]{16}(?:-[\da-z]{16}){2}$/i,
      'must be the token of the bot: three times 16 characters with dashes.',
    )
    .optional(),
  VIBER_SENDER_NAME: z.string().max(28, 'must be at most 28 characters long.').default('Support'),
  ...whatsAppVariables,
  ...sendPulseVariables,
  ...autoRiaVariables,
  TELEGRAM_API_ID: wholeNumber('must be the api_id of your app at my.telegram.org/apps: digits.').optional(),
  TELEGRAM_API_HASH: z
    .string()
    .regex(/^[\da-f]{32}$/, 'must be the api_hash of your app: 32 characters of 0–9 and a–f.')
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

function viberConfig(values: Variables, telegram: TelegramConfig): ViberConfig {
  const { VIBER_AUTH_TOKEN: authToken, VIBER_SENDER_NAME: senderName } = values;
  if (authToken !== undefined && values.SANDBOX_URL === undefined)
    return { mode: 'live', authToken, senderName };
  if (telegram.mode !== 'sandbox') return { mode: 'off' };
  return { mode: 'sandbox', authToken: authToken ?? sandboxViberToken, senderName };
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

/** The simulated Telegram takes any app. */
const sandboxApi = { apiId: 1, apiHash: 'sandbox' };

function mtprotoConfig(values: Variables, telegram: TelegramConfig): MtprotoConfig {
  if (telegram.mode === 'sandbox') return { mode: 'sandbox', api: sandboxApi };
  const { TELEGRAM_API_ID: apiId, TELEGRAM_API_HASH: apiHash } = values;
  return { mode: 'live', api: apiId === undefined || apiHash === undefined ? undefined : { apiId, apiHash } };
}

function contradictions(
  values: Variables,
  {
    telegram,
    meta,
    viber,
    whatsapp,
    sendpulse,
    autoria,
  }: Pick<Config, 'telegram' | 'meta' | 'viber' | 'whatsapp' | 'sendpulse' | 'autoria'>,
): string[] {
  const problems: string[] = [];
  const exposed = !isLoopback(values.HOST);
  const real = [
    telegram.mode !== 'sandbox' && 'Telegram',
    meta.mode === 'live' && 'Meta',
    viber.mode === 'live' && 'Viber',
    whatsapp.mode === 'live' && 'WhatsApp',
    sendpulse.mode === 'live' && 'SendPulse',
    autoria.mode === 'live' && 'AUTO.RIA',
  ].find((name) => name !== false);
  if (values.ADMIN_TOKEN === undefined && (exposed || real !== undefined)) {
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
  if (viber.mode === 'live' && !values.PUBLIC_URL?.startsWith('https:')) {
    problems.push('VIBER_AUTH_TOKEN needs PUBLIC_URL with https://, because Viber calls no other address.');
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
  if ((values.TELEGRAM_API_ID === undefined) !== (values.TELEGRAM_API_HASH === undefined)) {
    problems.push('TELEGRAM_API_ID and TELEGRAM_API_HASH belong together. Set both or neither.');
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
