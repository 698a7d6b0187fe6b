// Installs the packed packages with plain npm into an empty app outside of the workspace, as a user would, and
// uses them: imports and requires every entry, type-checks consumers, runs the sandbox's command and makes one call.
//
//   node scripts/packed-consumer.mjs <folder of tarballs>
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './test-counts.mjs';

/** What a user writes: valid TypeScript and JavaScript, so that the same text is type-checked and run. */
const consumer = `
import { createStores, memoryStore } from '@cartie/core';
import { createMtprotoHub } from '@cartie/mtproto';
import { createTelegramClient } from '@cartie/telegram';
import { gramjsSession, startSandbox, startTestDc } from '@cartie/sandbox';

async function main() {
  const sandbox = await startSandbox();
  const { token } = sandbox.telegram.createBot();
  const user = sandbox.telegram.createUser();
  const telegram = createTelegramClient({ token, baseUrl: sandbox.telegram.apiUrl });
  const sent = await telegram.sendMessage({ chat_id: user.id, text: 'Hello from a packed package' });
  const shown = sandbox.telegram.messages(user.id);
  await sandbox.close();
  if (!shown.some(({ message }) => message.message_id === sent.message_id)) throw new Error('The message did not arrive');

  const dc = await startTestDc();
  const { sessions, leases } = createStores(memoryStore(), { encryptionKey: Buffer.alloc(32, 1).toString('base64') });
  const servers = {
    datacenters: dc.dcs.map(({ dcId, host, port }) => ({ id: dcId, host, port })),
    publicKeys: [dc.publicKey.pem],
  };
  const hub = createMtprotoHub({ apiId: 1, apiHash: 'any', sessions, leases, servers });
  const account = await hub.add('packed', { session: gramjsSession(dc.provisionKey(dc.addAccount())) });
  await account.ready();
  await hub.stop();
  await dc.close();
}
await main();
`;

const folder = process.argv[2];
const app = mkdtempSync(join(tmpdir(), 'packed-consumer-'));
try {
  await main();
} finally {
  rmSync(app, { recursive: true, force: true });
}

async function main() {
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  for (const tarball of tarballs) cpSync(join(folder, tarball), join(app, tarball));
  const manifests = tarballs.map((tarball) =>
    JSON.parse(
      execFileSync('tar', ['-xzOf', join(folder, tarball), 'package/package.json'], { encoding: 'utf8' }),
    ),
  );
  write('package.json', JSON.stringify({ name: 'app', private: true, type: 'module' }));
  step('npm install');
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/typescript/package.json'), 'utf8'));
  await npm(
    'install',
    ...tarballs.map((tarball) => `./${tarball}`),
    '@types/node@22',
    `typescript@${version}`,
  );

  const entries = manifests.flatMap(({ name, exports }) =>
    Object.keys(exports)
      .filter((entry) => entry !== './package.json')
      .map((entry) => name + entry.slice(1)),
  );

  step(`import and require ${entries.length} entries`);
  write(
    'import.mjs',
    entries
      .map(
        (entry) =>
          `if (Object.keys(await import('${entry}')).length === 0) throw new Error('${entry} exports nothing');`,
      )
      .join('\n'),
  );
  write(
    'require.cjs',
    entries
      .map(
        (entry) =>
          `if (Object.keys(require('${entry}')).length === 0) throw new Error('${entry} exports nothing');`,
      )
      .join('\n'),
  );
  await node('import.mjs');
  await node('require.cjs');

  step('type-check that the declarations name exactly the values that are there');
  write(
    'names.mjs',
    `const names = {};
for (const entry of ${JSON.stringify(entries)}) names[entry] = Object.keys(await import(entry));
console.log(JSON.stringify(names));`,
  );
  const names = JSON.parse(
    execFileSync(process.execPath, ['names.mjs'], { cwd: app, encoding: 'utf8', timeout: 60_000 }),
  );
  write(
    'names.mts',
    entries
      .map(
        (entry, index) => `import type * as entry${index} from '${entry}';
type There${index} = ${names[entry].map((name) => `'${name}'`).join(' | ')};
type Same${index} = [keyof typeof entry${index}, There${index}] extends [There${index}, keyof typeof entry${index}] ? true : never;
export const same${index}: Same${index} = true; // ${entry}`,
      )
      .join('\n'),
  );
  await node(
    'node_modules/typescript/bin/tsc',
    ...['--noEmit', '--strict', '--target', 'es2023', '--module', 'node16', '--types', 'node'],
    ...['--lib', 'es2023,esnext.disposable,dom,dom.iterable', 'names.mts'],
  );

  const uses = entries
    .map(
      (entry, index) =>
        `import * as entry${index} from '${entry}';\nexport const keys${index} = Object.keys(entry${index});`,
    )
    .join('\n');
  write('esm.mts', `${uses}\n${consumer}`);
  write('commonjs.cts', `${uses}\n${consumer.replace('await main();', 'void main();')}`);
  for (const [file, module, resolution] of [
    ['esm.mts', 'node16', 'node16'],
    ['esm.mts', 'esnext', 'bundler'],
    ['commonjs.cts', 'nodenext', 'nodenext'],
  ]) {
    step(`type-check ${file} under ${resolution}`);
    await node(
      'node_modules/typescript/bin/tsc',
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--skipLibCheck',
      'false',
      '--target',
      'es2023',
      '--lib',
      'es2023,esnext.disposable,dom,dom.iterable',
      '--types',
      'node',
      '--module',
      module,
      '--moduleResolution',
      resolution,
      file,
    );
  }

  step('make a call');
  write('call.mjs', consumer);
  await node('call.mjs');

  step('run the commands');
  for (const { name, bin } of manifests.filter(({ bin }) => bin !== undefined)) {
    for (const command of Object.keys(bin)) {
      const help = execFileSync(process.execPath, [join('node_modules', name, bin[command]), '--help'], {
        cwd: app,
        encoding: 'utf8',
      });
      if (!help.includes(command)) throw new Error(`${command} --help does not say what it is`);
    }
  }
  console.log('Packed packages work.');
}

function write(file, text) {
  writeFileSync(join(app, file), text);
}

function step(what) {
  console.log(`- ${what}`);
}

function node(...args) {
  return run(process.execPath, args);
}

/** npm as it comes: with none of the workspace's settings, and a Node that it finds on PATH. */
function npm(...args) {
  return run('npm', [
    ...args,
    '--prefix',
    app,
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel',
    'error',
  ]);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: app,
      stdio: 'inherit',
      shell: command === 'npm' && process.platform === 'win32',
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} ended with ${code}`)),
    );
  });
}
