import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('GramJS is loaded without a word, also where there is a localStorage, which is there again afterwards', () => {
  const program = `
    import { loadGramjsEngine } from './gramjs-engine.ts';
    const getter = () => Object.getOwnPropertyDescriptor(globalThis, 'localStorage')?.get;
    const before = getter();
    const { layer } = await loadGramjsEngine();
    console.log(layer, before !== undefined, getter() === before);`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...['--experimental-webstorage', '--conditions=@cartie/source'],
      ...['--input-type=module', '--eval', program],
    ],
    { cwd: import.meta.dirname, encoding: 'utf8', timeout: 50_000 },
  );
  expect({ stdout, stderr }).toEqual({ stdout: '198 true true\n', stderr: '' });
}, 60_000);
