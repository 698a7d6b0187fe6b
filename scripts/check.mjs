// Everything CI checks, step by step; the first failure does not hide the later ones.
// With CARTIE_REQUIRE_SERVICES=1 a missing PostgreSQL, Redis or browser is a failure, else its tests are skipped.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pnpm } from './pnpm.mjs';
import { countsLine, readCounts, resultFile, root } from './test-counts.mjs';

const tarballs = join(root, 'node_modules/.cache/cartie/tarballs');

const steps = [
  ['lint', () => tool('@biomejs/biome/bin/biome', 'ci', '.')],
  ['typecheck', () => tool('typescript/bin/tsc', '-p', 'tsconfig.json')],
  ['tests', () => script('test.mjs', '--coverage')],
  ['build', () => pnpm(root, ['--recursive', '--filter', './packages/*', 'run', 'build'])],
  ['pack', pack],
  ['packages', () => script('check-tarballs.mjs', tarballs)],
  ['consumer', () => script('packed-consumer.mjs', tarballs)],
  ['unused', () => tool('knip/bin/knip.js')],
  ['docs', () => tool('typedoc/bin/typedoc')],
  ['changesets', () => tool('@changesets/cli/bin.js', 'status', ...sinceMain())],
  ['dependencies', () => script('dependencies.mjs')],
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !steps.some(([step]) => step === name));
if (unknown.length > 0) {
  console.error(`Unknown step: ${unknown.join(', ')}. Steps: ${steps.map(([name]) => name).join(', ')}.`);
  process.exit(1);
}

rmSync(resultFile, { force: true });
const results = [];
for (const [name, run] of steps) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  const started = performance.now();
  const code = await run();
  results.push({ name, ok: code === 0, seconds: (performance.now() - started) / 1000 });
}

console.log('\n== summary');
for (const { name, ok, seconds } of results) {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s`);
}
const counts = readCounts();
if (counts !== undefined) {
  for (const failure of counts.failures) console.log(`failed: ${failure}`);
  console.log(countsLine(counts));
}
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

/** A clone of another branch has no local `main`, which changesets compares with unless told otherwise. */
function sinceMain() {
  const isKnown = (name) =>
    spawnSync('git', ['rev-parse', '--quiet', '--verify', name], { cwd: root }).status === 0;
  if (isKnown('main')) return [];
  return [`--since=${isKnown('origin/main') ? 'origin/main' : 'HEAD'}`];
}

function script(name, ...args) {
  return run([join(root, 'scripts', name), ...args]);
}

function tool(path, ...args) {
  return run([join(root, 'node_modules', path), ...args]);
}

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function pack() {
  rmSync(tarballs, { recursive: true, force: true });
  mkdirSync(tarballs, { recursive: true });
  return pnpm(root, ['--recursive', '--filter', './packages/*', 'pack', '--pack-destination', tarballs]);
}
