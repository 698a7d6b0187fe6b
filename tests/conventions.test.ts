import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { packages, root, type SourceFile } from './workspace.ts';

/** Every integration has these files, so that who knows one knows all. */
const integrationFiles = [
  'client.ts',
  'errors.ts',
  'index.ts',
  'limits.ts',
  'operations.ts',
  'options.ts',
  'types.ts',
  'webhook.ts',
] as const;

/** Files that an integration has not, each with the reason. */
const absentFiles: Record<string, Partial<Record<(typeof integrationFiles)[number], string>>> = {
  autoria: { 'webhook.ts': 'AUTO.RIA calls nobody back.' },
  'meta-capi': { 'webhook.ts': 'Events only go to Meta: it calls nobody back.' },
  mtproto: { 'webhook.ts': 'Updates come over the connection that the account itself has opened.' },
};

/** Values that users and other packages rely on. */
const publicNames: Record<string, readonly string[]> = {
  '@cartie/core': [
    'CartieError',
    'createHealthHandler',
    'createStores',
    'createTokenSource',
    'createWebhookHandler',
    'hashPii',
    'isCartieError',
    'memoryLimiter',
    'memoryQueue',
    'memoryStore',
    'normalizeEmail',
    'normalizePhone',
    'storeLimiter',
  ],
  '@cartie/core/node': ['toNodeListener'],
  '@cartie/core/fastify': ['toFastifyPlugin'],
  '@cartie/core/postgres': [
    'createInbox',
    'createOutbox',
    'kyselyDatabase',
    'migratePostgres',
    'pgDatabase',
    'pgliteDatabase',
    'postgresStore',
  ],
  '@cartie/core/redis': ['redisStore'],
  '@cartie/core/sqlite': ['sqliteStore'],
  '@cartie/core/prisma': ['prismaStore'],
  '@cartie/core/pg-boss': ['pgBossQueue'],
  '@cartie/core/bullmq': ['bullmqQueue'],
  '@cartie/core/otel': ['otelEvents'],
  '@cartie/core/pino': ['pinoEvents'],
  '@cartie/core/undici': ['undiciFetch'],
  '@cartie/core/testing': ['jobQueueContract', 'keyValueStoreContract'],
  '@cartie/telegram': [
    'createTelegramClient',
    'createTelegramPoller',
    'createTelegramWebhook',
    'verifyInitData',
  ],
  '@cartie/autoria': ['autoRiaFailure', 'createAutoRiaClient'],
  '@cartie/meta-capi': ['createEventBuffer', 'createMetaCapiClient', 'hashUserData'],
  '@cartie/sendpulse': ['createSendPulseClient', 'createSendPulseWebhook', 'sendPulseFailure'],
  '@cartie/mtproto': ['MAX_HISTORY_LIMIT', 'createMtprotoHub', 'mtprotoFailure', 'toUpdate'],
  '@cartie/viber': ['createViberClient', 'createViberWebhook'],
  '@cartie/whatsapp': [
    'createFlowHandler',
    'createWhatsAppClient',
    'createWhatsAppWebhook',
    'whatsAppFailure',
  ],
  '@cartie/sandbox': ['gramjsSession', 'startSandbox', 'startTestDc'],
};

/** Interfaces that users implement or name, by the file that exports them. */
const publicTypes: Record<string, readonly string[]> = {
  'packages/core/src/index.ts': [
    'Breaker',
    'CallOptions',
    'ClientEvent',
    'ClientOptions',
    'DedupStore',
    'HealthCheck',
    'JobQueue',
    'KeyValueStore',
    'LeaseStore',
    'Limiter',
    'RequestHandler',
    'SessionStore',
    'TokenStore',
    'Update',
  ],
  'packages/core/src/postgres.ts': ['Inbox', 'Outbox', 'SqlDatabase', 'SqlTransaction'],
  'packages/autoria/src/index.ts': ['AutoRiaCar', 'AutoRiaClient', 'AutoRiaClientOptions', 'AutoRiaSearch'],
  'packages/meta-capi/src/index.ts': ['EventBuffer', 'MetaCapiClient', 'MetaCapiClientOptions', 'MetaEvent'],
  'packages/sendpulse/src/index.ts': [
    'SendPulseClient',
    'SendPulseClientOptions',
    'SendPulseUpdate',
    'SendPulseWebhookOptions',
  ],
  'packages/mtproto/src/index.ts': [
    'Engine',
    'MtprotoAccount',
    'MtprotoEvent',
    'MtprotoHub',
    'MtprotoHubOptions',
  ],
  'packages/telegram/src/index.ts': ['TelegramClient', 'TelegramClientOptions', 'TelegramWebhookOptions'],
  'packages/viber/src/index.ts': ['ViberClient', 'ViberClientOptions', 'ViberWebhookOptions'],
  'packages/whatsapp/src/index.ts': [
    'OutgoingMessage',
    'WhatsAppClient',
    'WhatsAppClientOptions',
    'WhatsAppUpdate',
    'WhatsAppWebhookOptions',
  ],
  'packages/sandbox/src/index.ts': ['RunningSandbox', 'Sandbox', 'Fault', 'TestDc'],
};

/** npm packages that only one file knows, so that each can be replaced in one place. */
const loneImporters: Record<string, string> = {
  ky: 'packages/core/src/http.ts',
  cockatiel: 'packages/core/src/breaker.ts',
};

const sources = packages.flatMap((pkg) => pkg.sources);
const isCommand = ({ name }: SourceFile): boolean => name === 'bin.ts';

describe.each(packages)('package $folder', (pkg) => {
  const { manifest } = pkg;

  it('describes itself in its manifest, README and LICENSE', () => {
    expect(manifest).toMatchObject({
      name: `@cartie/${pkg.folder}`,
      description: expect.stringMatching(/.{30}/),
      license: 'MIT',
      type: 'module',
      engines: { node: '>=22.12' },
      publishConfig: { access: 'public' },
    });
    expect(existsSync(join(pkg.path, 'README.md'))).toBe(true);
    // pnpm puts the root's LICENSE into each tarball.
    expect(existsSync(join(root, 'LICENSE'))).toBe(true);
  });

  it('runs from source here and from its build elsewhere', () => {
    const entries = Object.entries(manifest.exports).filter(([entry]) => entry !== './package.json');
    for (const [entry, target] of entries) {
      const name = entry === '.' ? 'index' : entry.slice(2);
      expect(target, entry).toEqual({
        '@cartie/source': `./src/${name}.ts`,
        types: `./dist/${name}.d.ts`,
        default: `./dist/${name}.js`,
      });
      expect(existsSync(join(pkg.path, `src/${name}.ts`)), `src/${name}.ts`).toBe(true);
      expect(manifest.publishConfig?.exports?.[entry], entry).toEqual({
        types: `./dist/${name}.d.ts`,
        default: `./dist/${name}.js`,
      });
    }
    expect(Object.keys(manifest.publishConfig?.exports ?? {})).toEqual(Object.keys(manifest.exports));
  });

  it('names its files in kebab-case and has one index', () => {
    for (const { path, name } of pkg.sources) {
      expect(name, path).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/);
      if (name === 'index.ts') expect(path).toBe(`packages/${pkg.folder}/src/index.ts`);
    }
  });
});

describe.each(packages.filter(({ folder }) => folder !== 'core' && folder !== 'sandbox'))(
  'integration $folder',
  (pkg) => {
    it.each(integrationFiles)('has %s, or a reason why not', (file) => {
      const reason = absentFiles[pkg.folder]?.[file];
      const exists = existsSync(join(pkg.path, 'src', file));
      expect(exists, reason ?? `packages/${pkg.folder}/src/${file}`).toBe(reason === undefined);
    });
  },
);

describe('imports', () => {
  it.each(packages)('$folder knows only whom it may know', ({ folder, sources }) => {
    const allowed = folder === 'core' || folder === 'sandbox' ? [] : ['@cartie/core'];
    for (const { path, imports } of sources) {
      for (const name of imports.map(packageOf).filter((name) => name.startsWith('@cartie/'))) {
        expect(allowed, path).toContain(name);
      }
    }
  });

  it.each(Object.entries(loneImporters))('only one file imports %s', (library, importer) => {
    const importers = sources.filter(({ imports }) => imports.map(packageOf).includes(library));
    expect(importers.map(({ path }) => path)).toEqual([importer]);
  });

  it('the database drivers and loggers that users bring are imported by no package', () => {
    const brought = [
      'pg',
      'pg-boss',
      'bullmq',
      '@electric-sql/pglite',
      'kysely',
      'redis',
      'ioredis',
      'better-sqlite3',
      '@prisma/client',
      'pino',
      'undici',
    ];
    for (const { path, imports } of sources) {
      for (const name of imports.map(packageOf)) expect(brought, path).not.toContain(name);
    }
  });
});

describe('sources', () => {
  it('export by name only', () => {
    for (const { path, text } of sources) expect(text, path).not.toMatch(/^export default/m);
  });

  it('read no environment variables', () => {
    for (const { path, text } of sources) expect(text, path).not.toMatch(/process\.env/);
  });

  it('write to no console, commands aside', () => {
    for (const { path, text } of sources.filter((source) => !isCommand(source))) {
      expect(text, path).not.toMatch(/\bconsole\.\w+\(/);
    }
  });

  it('hold no leftovers', () => {
    const files = globSync('{packages,examples,bench,scripts,tests}/**/*.{ts,mjs}', {
      cwd: root,
      exclude: (name) => ['node_modules', 'dist'].includes(name),
    });
    for (const file of files) {
      expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(/\b(?:TODO|FIXME|XXX)[:( ]/);
    }
  });
});

describe('public names', () => {
  it.each(Object.entries(publicNames))('%s exports what others rely on', async (entry, names) => {
    expect(Object.keys(await import(entry))).toEqual(expect.arrayContaining([...names]));
  });

  it.each(Object.entries(publicTypes))('the types of %s can be named', (file, names) => {
    const text = readFileSync(join(root, file), 'utf8');
    const exported = ts
      .createSourceFile(file, text, ts.ScriptTarget.Latest)
      .statements.filter(ts.isExportDeclaration)
      .flatMap(({ exportClause }) =>
        exportClause !== undefined && ts.isNamedExports(exportClause)
          ? exportClause.elements.map(({ name }) => name.text)
          : [],
      );
    expect(exported).toEqual(expect.arrayContaining([...names]));
  });
});

/** `@cartie/core/node` → `@cartie/core`. */
function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}
