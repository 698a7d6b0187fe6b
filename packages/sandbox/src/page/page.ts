import { readFile } from 'node:fs/promises';

interface Page {
  readonly title: string;
  /** What is chosen at the top. */
  readonly account: string;
  /** A page to write on as somebody: with whom, and who writes; a phone lists the people too. */
  readonly talk?: { readonly person: string; readonly writer: string; readonly people?: string };
  /** The panel between calls and faults. @default webhooks */
  readonly panel?: { readonly id: string; readonly title: string };
}

/** The pages, by the names of their providers: each is `assets/<name>.html` inside the shell, and `assets/<name>.js`. */
const pages: Readonly<Record<string, Page>> = {
  telegram: {
    title: 'Telegram',
    account: 'bot',
    talk: { people: 'Chats', person: 'chat', writer: 'user' },
  },
  whatsapp: {
    title: 'WhatsApp',
    account: 'number',
    talk: { people: 'Customers', person: 'customer', writer: 'customer' },
  },
  viber: { title: 'Viber', account: 'bot', talk: { people: 'Users', person: 'user', writer: 'user' } },
  meta: { title: 'Meta', account: 'dataset', panel: { id: 'pixel', title: 'Pixel' } },
  mtproto: {
    title: 'MTProto',
    account: 'channel',
    talk: { person: 'channel', writer: 'channel' },
    panel: { id: 'server', title: 'Connect' },
  },
};

/** Telegram's is the first. */
const pathOf = (name: string): string => (name === 'telegram' ? '/' : `/${name}`);

const scripts = ['parts', 'shell', 'phone', ...Object.keys(pages)];

/** Everything comes from the sandbox itself, and nothing may frame it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

/** One of the sandbox's pages: Telegram's at `/`, the others at `/<provider>`; undefined for addresses that are not part of them. `isOn` tells which providers run: of another the page says how it is turned on. */
export async function pageResponse(
  path: string,
  isOn: (name: string) => boolean,
): Promise<Response | undefined> {
  const name = Object.keys(pages).find((one) => pathOf(one) === path);
  if (name !== undefined) return answer(await compose(name, isOn), 'text/html');
  if (path === '/page.css') return answer(await readAsset('page.css'), 'text/css');
  const script = scripts.find((one) => path === `/${one}.js`);
  return script === undefined ? undefined : answer(await readAsset(`${script}.js`), 'text/javascript');
}

function answer(body: string, type: string): Response {
  return new Response(body, {
    headers: {
      'content-type': `${type}; charset=utf-8`,
      'cache-control': 'no-cache',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  });
}

/** Puts a page's own parts into the shell, with the conversation and the inspector. */
async function compose(name: string, isOn: (name: string) => boolean): Promise<string> {
  const { title } = pages[name] as Page;
  const own = partsOf(await readAsset(`${name}.html`));
  return filled(await readAsset('shell.html'), {
    name,
    title,
    links: Object.entries(pages)
      .filter(([other]) => isOn(other))
      .map(([other, { title: text }]) => {
        const here = other === name ? ' aria-current="page"' : '';
        return `<a href="${pathOf(other)}"${here}>${text}</a>`;
      })
      .join(''),
    ...(isOn(name) ? await liveParts(name, own) : { main: own.off }),
  });
}

async function liveParts(
  name: string,
  own: Readonly<Record<string, string>>,
): Promise<Record<string, string | undefined>> {
  const { account, talk, panel = { id: 'deliveries', title: 'Webhooks' } } = pages[name] as Page;
  const conversation = filled(await readAsset('conversation.html'), { ...talk, ...own });
  const main = talk?.people === undefined ? (own.main ?? '') : await readAsset('phone.html');
  const inspector = partsOf(await readAsset('inspector.html'));
  const words = { account, panel: own.panel, 'panel-id': panel.id, 'panel-title': panel.title };
  return {
    script: `<script type="module" src="/${name}.js"></script>`,
    bar: filled(inspector.bar ?? '', words),
    main: filled(main, { ...talk, conversation }),
    inspector: filled(inspector.main ?? '', words),
    after: own.after,
  };
}

/** What stands after `<!-- name -->` is the part of that name; what stands before the first is `main`. */
function partsOf(html: string): Record<string, string> {
  const [main = '', ...rest] = html.split(/<!-- (\w+) -->\n/);
  const parts: Record<string, string> = { main };
  for (let index = 0; index < rest.length; index += 2) parts[rest[index] as string] = rest[index + 1] ?? '';
  return parts;
}

function filled(html: string, values: Readonly<Record<string, string | undefined>>): string {
  return html.replace(/\{\{([\w-]+)\}\}/g, (_, key: string) => values[key] ?? '');
}

// The assets lie in the package's own folder, which is one level above `dist` and two above `src/page`.
async function readAsset(name: string): Promise<string> {
  for (const root of ['../', '../../']) {
    try {
      return await readFile(new URL(`${root}assets/${name}`, import.meta.url), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error(`the sandbox's page is not complete: assets/${name} is missing`);
}
