import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Context } from 'hono';

/** The page's files, read once at the start. */
export interface StaticFiles {
  serve(context: Context): Response;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The modules of lit-html that the page imports. */
const litModules = [
  'lit-html.js',
  'directive.js',
  'directive-helpers.js',
  'directives/repeat.js',
  'directives/live.js',
];

/** Reads the operator's page: `src/page/` and the template library from its package; and the demo shop, `src/demo/`. */
export function readPage(): StaticFiles {
  const page = new URL('page/', import.meta.url);
  const lit = litFolder();
  const files = new Map<string, { body: Uint8Array<ArrayBuffer>; type: string; tag: string }>();
  const add = (path: string, file: URL): void => {
    const body = new Uint8Array(readFileSync(file));
    const type = contentTypes[extname(file.pathname)];
    if (type === undefined) return;
    files.set(path, {
      body,
      type,
      tag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    });
  };
  for (const name of readdirSync(page)) add(name === 'index.html' ? '/' : `/${name}`, new URL(name, page));
  const demo = new URL('demo/', import.meta.url);
  for (const name of readdirSync(demo)) {
    add(name === 'index.html' ? '/demo' : `/demo/${name}`, new URL(name, demo));
  }
  for (const name of litModules) add(`/lit-html/${name}`, new URL(name, lit));

  return {
    serve(context) {
      const file = files.get(context.req.path);
      if (file === undefined) return context.json({ error: 'There is nothing here.' }, 404);
      const headers = { 'content-type': file.type, etag: file.tag, 'cache-control': 'no-cache' };
      if (context.req.header('if-none-match') === file.tag) return context.body(null, 304, headers);
      return context.body(file.body, 200, headers);
    },
  };
}

/** Of the package itself, because what Node would import of it is made for servers. */
function litFolder(): URL {
  const manifest = findPackageJSON('lit-html', import.meta.url);
  if (manifest === undefined) throw new Error('lit-html is not installed: pnpm install');
  return new URL('.', pathToFileURL(manifest));
}
