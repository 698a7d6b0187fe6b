import { CartieError } from '@cartie/core';
import { z } from 'zod';
import { type AutoRiaConfig, autoRiaConfig, autoRiaProblems, autoRiaVariables } from './autoria-config.ts';
import { encryptionKeys } from './encryption-key.ts';
import { type LeadConfig, leadConfig, leadVariables } from './lead-config.ts';
import { isLoopback } from './loopback.ts';
import { type MetaConfig, metaConfig, metaProblems, metaVariables } from './meta-config.ts';
import { type MtprotoConfig, mtprotoConfig, mtprotoProblems, mtprotoVariables } from './mtproto-config.ts';
import {
  type SendPulseConfig,
  sendPulseConfig,
  sendPulseProblems,
  sendPulseVariables,
} from './sendpulse-config.ts';
import {
  type TelegramConfig,
  telegramConfig,
  telegramProblems,
  telegramVariables,
} from './telegram-config.ts';
import { baseUrl, port, url, wholeNumber } from './variable-types.ts';
import { type ViberConfig, viberConfig, viberProblems, viberVariables } from './viber-config.ts';
import {
  type WhatsAppConfig,
  whatsAppConfig,
  whatsAppProblems,
  whatsAppVariables,
} from './whatsapp-config.ts';

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
  const all = values.SANDBOX_URL !== undefined;
  const telegram = telegramConfig(values, { all });
  // Beside a real bot nothing is simulated.
  const onSandbox = { all, others: telegram.mode === 'sandbox' };
  const providers = {
    telegram,
    viber: viberConfig(values, onSandbox),
    whatsapp: whatsAppConfig(values, onSandbox),
    meta: metaConfig(values, onSandbox),
    sendpulse: sendPulseConfig(values, onSandbox),
    autoria: autoRiaConfig(values, onSandbox),
    mtproto: mtprotoConfig(values, onSandbox),
  };
  const keys = encryptionKeys(values.CARTIE_ENCRYPTION_KEY, {
    dataDir: values.DATA_DIR,
    // The sessions of real accounts must not hang on a key that nobody has put anywhere.
    mayCreate: onSandbox.others && providers.mtproto.mode === 'sandbox',
  });
  const problems = [
    ...missingToken(values, providers),
    ...telegramProblems(values, telegram),
    ...viberProblems(values, providers.viber),
    ...whatsAppProblems(values, providers.whatsapp),
    ...metaProblems(values),
    ...sendPulseProblems(values),
    ...autoRiaProblems(values),
    ...mtprotoProblems(values),
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
    ...providers,
    leads: leadConfig(values),
    sandboxUrl: values.SANDBOX_URL,
    sandboxPort: values.SANDBOX_PORT,
    autoReply: {
      mode: values.AUTO_REPLY ?? (onSandbox.others ? 'all' : 'first'),
      prefix: values.AUTO_REPLY_PREFIX,
    },
    logLevel: values.LOG_LEVEL,
    stopTimeoutMs: values.STOP_TIMEOUT_MS,
  };
}

const variables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(3000),
  DATABASE_URL: url(
    ['postgres:', 'postgresql:'],
    'must look like postgres://user:password@host:5432/name. Leave it empty for the embedded database.',
  ).optional(),
  REDIS_URL: url(['redis:', 'rediss:'], 'must look like redis://host:6379.').optional(),
  DATA_DIR: z.string().default('.data'),
  ADMIN_TOKEN: z.string().min(16, 'must be at least 16 characters: openssl rand -hex 24').optional(),
  CARTIE_ENCRYPTION_KEY: z.string().optional(),
  PUBLIC_URL: baseUrl(
    'must be the address at which providers reach this server, such as https://bot.example.com.',
  ).optional(),
  SANDBOX_URL: baseUrl('must be the address of a sandbox on this machine, such as http://127.0.0.1:4010.')
    .refine(
      (value) => value.startsWith('http:') && isLoopback(new URL(value).hostname),
      'must be on this machine: http://127.0.0.1:4010.',
    )
    .optional(),
  SANDBOX_PORT: port.optional(),
  AUTO_REPLY: z.enum(['off', 'first', 'all'], 'must be one of: off, first, all.').optional(),
  AUTO_REPLY_PREFIX: z.string().default(''),
  LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'must be one of: trace, debug, info, warn, error, fatal, silent.',
    )
    .default('info'),
  STOP_TIMEOUT_MS: wholeNumber('must be a whole number of milliseconds.').default(15_000),
  ...telegramVariables,
  ...viberVariables,
  ...whatsAppVariables,
  ...metaVariables,
  ...sendPulseVariables,
  ...autoRiaVariables,
  ...mtprotoVariables,
  ...leadVariables,
});

/** What a problem calls the providers. */
const names = {
  telegram: 'Telegram',
  meta: 'Meta',
  viber: 'Viber',
  whatsapp: 'WhatsApp',
  sendpulse: 'SendPulse',
  autoria: 'AUTO.RIA',
  mtproto: 'Telegram',
} as const satisfies Partial<Record<keyof Config, string>>;

function missingToken(
  values: z.infer<typeof variables>,
  providers: Pick<Config, keyof typeof names>,
): string[] {
  if (values.ADMIN_TOKEN !== undefined) return [];
  const exposed = !isLoopback(values.HOST);
  const real = (Object.keys(names) as (keyof typeof names)[]).find(
    (name) => !['sandbox', 'off'].includes(providers[name].mode),
  );
  if (!exposed && real === undefined) return [];
  const why = exposed
    ? 'HOST can be reached from other machines'
    : `the server talks to the real ${real && names[real]}`;
  return [`ADMIN_TOKEN is missing, and ${why}. Make one: openssl rand -hex 24`];
}

function invalidConfig(problems: readonly string[]): CartieError {
  return new CartieError('invalid_config', problems.map((problem) => `- ${problem}`).join('\n'), {
    service: 'server',
    operation: 'config',
  });
}
