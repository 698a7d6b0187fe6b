// Checks the packed packages of a folder: what is in them, publint, and «are the types wrong».
//
//   node scripts/check-tarballs.mjs <folder>
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './test-counts.mjs';

const folder = process.argv[2];
const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
if (tarballs.length === 0) problem(folder, 'holds no package');

for (const tarball of tarballs) {
  const path = join(folder, tarball);
  checkContents(path);
  runTool('publint/src/cli.js', ['run', path, '--strict']);
  runTool('@arethetypeswrong/cli/dist/index.js', [
    path,
    '--profile',
    'esm-only',
    '--no-emoji',
    '--format',
    'ascii',
  ]);
}

/** A package holds its build, a README and a LICENSE, and nothing of it points at files that stay here. */
function checkContents(tarball) {
  const name = basename(tarball);
  const files = tar('-tzf', tarball).split('\n').filter(Boolean);
  for (const needed of ['package/package.json', 'package/README.md', 'package/LICENSE']) {
    if (!files.includes(needed)) problem(name, `${needed} is missing`);
  }
  const strays = files.filter(
    (file) =>
      !/^package\/((?:dist|assets)\/.+|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(file) ||
      /\.test\./.test(file),
  );
  if (strays.length > 0) problem(name, `does not belong in a package: ${strays.join(', ')}`);

  const manifestText = tar('-xzOf', tarball, 'package/package.json');
  const manifest = JSON.parse(manifestText);
  if (JSON.stringify(manifest.exports).includes('@cartie/source')) {
    problem(name, 'exports keep the private condition @cartie/source');
  }
  if (/"(?:workspace|catalog):/.test(manifestText))
    problem(name, 'a dependency keeps workspace: or catalog:');
  const targets = [...strings(manifest.exports), ...strings(manifest.bin ?? {})];
  for (const target of targets) {
    if (!files.includes(`package/${target.replace(/^\.\//, '')}`))
      problem(name, `${target} is not in the package`);
  }
  for (const file of files.filter((file) => file.endsWith('.map'))) {
    const map = JSON.parse(tar('-xzOf', tarball, file));
    if (map.sources.some((_, index) => typeof map.sourcesContent?.[index] !== 'string')) {
      problem(name, `${file} points at sources that are not in the package`);
    }
  }
  console.log(`${name}: ${files.length} files`);
}

function strings(value) {
  return typeof value === 'string' ? [value] : Object.values(value).flatMap(strings);
}

function tar(...args) {
  return execFileSync('tar', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
}

function runTool(path, args) {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules', path), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = 1;
}

function problem(name, what) {
  console.error(`${name}: ${what}`);
  process.exitCode = 1;
}
