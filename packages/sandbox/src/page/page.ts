import { readFile } from 'node:fs/promises';

const files: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'page.html', type: 'text/html; charset=utf-8' },
  '/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  '/meta': { file: 'meta.html', type: 'text/html; charset=utf-8' },
  '/meta.js': { file: 'meta.js', type: 'text/javascript; charset=utf-8' },
  '/viber': { file: 'viber.html', type: 'text/html; charset=utf-8' },
  '/viber.js': { file: 'viber.js', type: 'text/javascript; charset=utf-8' },
  '/parts.js': { file: 'parts.js', type: 'text/javascript; charset=utf-8' },
  '/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
};

/** Everything comes from the sandbox itself, and nothing may frame it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/** One of the sandbox's pages: Telegram at `/`, Meta at `/meta`, Viber at `/viber`; undefined for addresses that are not part of them. */
export async function pageResponse(path: string): Promise<Response | undefined> {
  const entry = files[path];
  if (!entry) return undefined;
  return new Response(await readAsset(entry.file), {
    headers: {
      'content-type': entry.type,
      'cache-control': 'no-cache',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  });
}

// The assets lie in the package's own folder, which is one level above `dist` and two above `src/page`.
async function readAsset(name: string): Promise<Buffer> {
  for (const root of ['../', '../../']) {
    try {
      return await readFile(new URL(`${root}assets/${name}`, import.meta.url));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`the sandbox's page is not complete: assets/${name} is missing`);
}
