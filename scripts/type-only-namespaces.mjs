// Makes re-exported namespaces of types in a package's built declarations type-only again, as they are in the source:
// the bundler writes `export type * as Telegram from '…'` as a value, which a user could import and then not find at run time.
// The packed-consumer test checks that declarations name no value that is not there, and none too few.
//
//   node ../../scripts/type-only-namespaces.mjs    (in the package's folder, after its build)
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

let changed = 0;
for (const file of readdirSync('dist').filter((name) => name.endsWith('.d.ts'))) {
  const path = join('dist', file);
  const text = readFileSync(path, 'utf8');
  const namespaces = new Set([...text.matchAll(/^import \* as (\w+) from /gm)].map(([, name]) => name));
  const mended = text.replaceAll(/^export (\{ (\w+)(?: as \w+)? \};)$/gm, (line, names, local) =>
    namespaces.has(local) ? `export type ${names}` : line,
  );
  if (mended === text) continue;
  writeFileSync(path, mended);
  changed += 1;
}
if (changed === 0)
  throw new Error('No re-exported namespace in dist/*.d.ts: this step is not needed any more');
