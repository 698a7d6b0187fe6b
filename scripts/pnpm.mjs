// pnpm from npm, at one version, on a machine that may have none. No dependencies: see run.mjs.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const version = '12.21.0';

/** Was the lockfile, as it is now, installed by {@link install}? */
export function isInstalled(root) {
  return (
    existsSync(join(root, 'node_modules/.modules.yaml')) &&
    existsSync(stamp(root)) &&
    readFileSync(stamp(root), 'utf8') === lockfileHash(root)
  );
}

/** Installs exactly what the lockfile says; ends the process with a non-zero code where that fails. */
export async function install(root) {
  const code = await pnpm(root, ['install', '--frozen-lockfile']);
  if (code !== 0) {
    console.error('The dependencies could not be installed: see above.');
    process.exit(code);
  }
  writeFileSync(stamp(root), lockfileHash(root));
}

/** Runs pnpm in the root's terminal and gives its exit code. */
export function pnpm(root, args) {
  const [command, ...before] = pnpmCommand();
  return new Promise((resolve) => {
    const child = spawn(command, [...before, ...args], {
      cwd: root,
      stdio: 'inherit',
      // npx is a script there, which only a shell can start; no argument here holds a space.
      shell: command === 'npx' && process.platform === 'win32',
    });
    child.on('error', (error) => {
      console.error(`pnpm could not be started: ${error.message}`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** How to start pnpm: the one that runs us if it has the same major version, else npm brings it. */
function pnpmCommand() {
  const { npm_config_user_agent: agent = '', npm_execpath: started } = process.env;
  if (agent.startsWith(`pnpm/${version.split('.')[0]}.`) && started !== undefined) {
    return /\.[cm]?js$/.test(started) ? [process.execPath, started] : [started];
  }
  const prefix = dirname(process.execPath);
  const npx = [
    started !== undefined ? join(dirname(started), 'npx-cli.js') : '',
    join(prefix, '../lib/node_modules/npm/bin/npx-cli.js'),
    join(prefix, 'node_modules/npm/bin/npx-cli.js'),
  ].find((file) => file !== '' && existsSync(file));
  const run = npx === undefined ? ['npx'] : [process.execPath, npx];
  return [...run, '--yes', `pnpm@${version}`];
}

function stamp(root) {
  return join(root, 'node_modules/.installed-lockfile');
}

function lockfileHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
}
