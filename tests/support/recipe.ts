import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../workspace.ts';

/** In the tests' own package, whose dependencies are what the documents import. */
const folder = join(root, 'tests/.recipes');

/** The code of a guide that begins with the comment `// <name>`, as the reader sees it. */
export function recipe(guide: string, name: string): string {
  const text = readFileSync(join(root, 'docs/guides', guide), 'utf8');
  for (const [, code = ''] of text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) {
    if (code.startsWith(`// ${name}`)) return code;
  }
  throw new Error(`${guide} has no code that begins with «// ${name}»`);
}

/** Imports code as a module. `given` are the names that the text around it declares. */
export async function importRecipe<T>(
  name: string,
  code: string,
  given: Record<string, unknown> = {},
): Promise<T> {
  Object.assign(globalThis, { given });
  const names = Object.keys(given);
  const prelude = names.length === 0 ? '' : `const { ${names.join(', ')} } = globalThis.given;\n`;
  return (await import(/* @vite-ignore */ pathToFileURL(write(name, prelude + code)).href)) as T;
}

/** A recipe that runs as a program. */
export interface RunningRecipe extends AsyncDisposable {
  readonly child: ChildProcess;
  output(): string;
  /** The exit code, or the name of the signal. */
  readonly ended: Promise<number | string>;
}

/** Runs code as a program of its own and waits until it prints «ready». */
export async function runRecipe(
  name: string,
  code: string,
  environment: Record<string, string>,
): Promise<RunningRecipe> {
  const child = spawn(process.execPath, ['--conditions=@cartie/source', write(name, code)], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([exit, signal]) => (exit ?? signal) as number | string);
  let text = '';
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('ready')) resolve();
      });
    }
  });
  await Promise.race([ready, ended.then(() => Promise.reject(new Error(`${name} ended: ${text}`)))]);
  return {
    child,
    output: () => text,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Removes what was written. */
export function removeRecipes(): void {
  rmSync(folder, { recursive: true, force: true });
}

function write(name: string, code: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, code);
  return file;
}
