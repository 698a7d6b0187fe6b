// Runs one benchmark of bench/ by name, or lists them.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './test-counts.mjs';

const folder = join(root, 'bench');
const names = globSync('**/*.ts', {
  cwd: folder,
  exclude: ['**/node_modules/**', 'support/**', '**/*.test.ts'],
})
  .map((file) => file.slice(0, -'.ts'.length).replaceAll('\\', '/'))
  .sort();
const name = process.argv[2] ?? '';

if (names.includes(name)) {
  // The benchmark sees the arguments that it would see if it were started by itself.
  process.argv.splice(1, 2, join(folder, `${name}.ts`));
  await import(pathToFileURL(join(folder, `${name}.ts`)).href);
} else {
  console.log(`Usage: npm run bench -- <name> [arguments]\nBenchmarks: ${names.join(', ')}`);
  process.exitCode = name === '' ? 0 : 1;
}
