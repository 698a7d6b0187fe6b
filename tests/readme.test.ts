import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages, root } from './workspace.ts';

/** In the tests' own package, whose dependencies are what the documents import. */
const folder = join(import.meta.dirname, '.code-blocks');

const documents = globSync(['*.md', 'packages/*/*.md', 'examples/*/*.md', 'docs/**/*.md'], {
  cwd: root,
  exclude: (name) => ['node_modules', 'api', 'dist'].includes(name),
}).filter((file) => basename(file) !== 'CHANGELOG.md');

interface CodeBlock {
  readonly document: string;
  /** 1 for the document's first line. */
  readonly line: number;
  readonly file: string;
  readonly text: string;
}

const blocks = documents.flatMap(codeBlocks);
let problems: readonly { file: string; message: string }[] = [];

describe('code in the documents', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const { file, text } of blocks) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    problems = typeCheck(blocks.map(({ file }) => file));
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(blocks)('$document:$line compiles against the sources', ({ file }) => {
    expect(problems.filter((problem) => problem.file === file).map(({ message }) => message)).toEqual([]);
  });

  it('every package has a quick start', () => {
    const shown = new Set(blocks.map(({ document }) => document));
    for (const pkg of packages) expect(shown).toContain(`packages/${pkg.folder}/README.md`);
  });
});

/** Options that users give, and the document that names each of them. */
const optionTables: readonly (readonly [source: string, name: string, document: string])[] = [
  ['core/src/options.ts', 'ClientOptions', 'packages/core/README.md'],
  ['core/src/options.ts', 'CallOptions', 'packages/core/README.md'],
  ['core/src/webhook.ts', 'WebhookOptions', 'docs/guides/webhooks.md'],
  ['telegram/src/options.ts', 'TelegramClientOptions', 'packages/telegram/README.md'],
  ['telegram/src/webhook.ts', 'TelegramWebhookOptions', 'packages/telegram/README.md'],
  ['telegram/src/poller.ts', 'TelegramPollerOptions', 'packages/telegram/README.md'],
  ['whatsapp/src/options.ts', 'WhatsAppClientOptions', 'packages/whatsapp/README.md'],
  ['whatsapp/src/webhook.ts', 'WhatsAppWebhookOptions', 'packages/whatsapp/README.md'],
  ['whatsapp/src/flow-handler.ts', 'FlowHandlerOptions', 'packages/whatsapp/README.md'],
  ['viber/src/options.ts', 'ViberClientOptions', 'packages/viber/README.md'],
  ['viber/src/webhook.ts', 'ViberWebhookOptions', 'packages/viber/README.md'],
  ['meta-capi/src/options.ts', 'MetaCapiClientOptions', 'packages/meta-capi/README.md'],
  ['meta-capi/src/event-buffer.ts', 'EventBufferOptions', 'packages/meta-capi/README.md'],
  ['sendpulse/src/options.ts', 'SendPulseCommonOptions', 'packages/sendpulse/README.md'],
  ['sendpulse/src/options.ts', 'SendPulseOAuthOptions', 'packages/sendpulse/README.md'],
  ['sendpulse/src/options.ts', 'SendPulseKeyOptions', 'packages/sendpulse/README.md'],
  ['sendpulse/src/webhook.ts', 'SendPulseWebhookOptions', 'packages/sendpulse/README.md'],
  ['autoria/src/options.ts', 'AutoRiaClientOptions', 'packages/autoria/README.md'],
  ['autoria/src/options.ts', 'AutoRiaQuotaOptions', 'packages/autoria/README.md'],
  ['mtproto/src/options.ts', 'MtprotoHubOptions', 'packages/mtproto/README.md'],
  ['sandbox/src/sandbox.ts', 'SandboxOptions', 'packages/sandbox/README.md'],
  ['sandbox/src/start-sandbox.ts', 'StartOptions', 'packages/sandbox/README.md'],
  ['sandbox/src/mtproto/public.ts', 'TestDcOptions', 'packages/sandbox/README.md'],
];

describe('options in the documents', () => {
  it.each(optionTables)('%s: each of %s is in %s', (source, name, document) => {
    const options = membersOf(join(root, 'packages', source), name);
    const text = readFileSync(join(root, document), 'utf8');
    expect(options).not.toEqual([]);
    expect(options.filter((option) => !new RegExp(`\\b${option}\\b`).test(text))).toEqual([]);
  });
});

describe('links in the documents', () => {
  it.each(documents)('%s points at files that exist', (document) => {
    const text = readFileSync(join(root, document), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
    const targets = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, to = '']) => to,
    );
    const missing = targets.filter((to) => globSync(join(root, dirname(document), to)).length === 0);
    expect(missing).toEqual([]);
  });
});

/**
 * The `ts` blocks of a document, each with the `<!-- ts … -->` comment before it: what the reader knows from the text
 * around and the compiler does not. Lines keep their numbers, so that a message points into the document.
 */
function codeBlocks(document: string): CodeBlock[] {
  const text = readFileSync(join(root, document), 'utf8');
  const pattern = /(?:^<!-- ts\n(?<context>[\s\S]*?)^-->\n\s*)?^```ts\n(?<code>[\s\S]*?)^```$/gm;
  return [...text.matchAll(pattern)].map((match) => {
    const lines = text.slice(0, match.index).split('\n').length;
    const body = match[0]
      .replace(/^<!-- ts$/m, '')
      .replace(/^-->$/m, '')
      .replace(/^```ts$/m, '')
      .replace(/^```$/m, '');
    return {
      document,
      line: lines,
      file: join(folder, `${document}.${lines}.ts`),
      text: `${'\n'.repeat(lines - 1)}${body}\nexport {};\n`,
    };
  });
}

/** The compiler's errors in these files, under the workspace's own settings. */
function typeCheck(files: readonly string[]): { file: string; message: string }[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(
    { ...config.compilerOptions, noEmit: true, noUnusedLocals: false, noUnusedParameters: false },
    root,
  );
  const program = ts.createProgram(files, options);
  return files
    .map((file) => program.getSourceFile(file))
    .filter((source) => source !== undefined)
    .flatMap((source) => [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ])
    .map(({ file, start = 0, messageText }) => ({
      file: file?.fileName ?? '',
      message: `${relative(folder, file?.fileName ?? '').replace(/\.\d+\.ts$/, '')}:${
        (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1
      } ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    }));
}

/** The members that an interface declares itself. */
function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements
    .filter((statement) => ts.isInterfaceDeclaration(statement))
    .filter((declaration) => declaration.name.text === name)
    .flatMap(({ members }) => members.map((member) => (member.name as ts.Identifier).text));
}
