import type { MtprotoServers } from '@cartie/mtproto';
import type { RunningSandbox } from '@cartie/sandbox';

/** People of the simulated Telegram; the second has a password. */
const people = [
  { phone: '380500000001', firstName: 'Demo', lastName: 'Reader' },
  { phone: '380500000002', firstName: 'Careful', lastName: 'Reader', password: 'demo' },
];

const channel = { title: 'Авто Київ', username: 'kyiv_cars' };
const posts = [
  'Volkswagen Golf VII 2016\n💰 11 500$\nПробіг: 158 тис. км\n📞 067 123 45 67',
  'Skoda Octavia A7 2018, 1.6 TDI, 142 тис. км\nЦіна 15 900 $, торг\n(050) 765 43 21',
  'BMW X5 2018р. Ціна 32 900 у.е. Пробіг 120 000 км. Тел. 063-111-22-33',
];

/** Makes somebody to log in as and a channel to follow, and says where the servers are; `undefined` without a test DC. */
export function seedMtproto({ mtproto: dc }: Pick<RunningSandbox, 'mtproto'>): MtprotoServers | undefined {
  if (dc === undefined) return undefined;
  for (const person of people) {
    if (!dc.accounts().some(({ phone }) => phone === person.phone)) dc.addAccount(person);
  }
  if (!dc.channels().some(({ username }) => username === channel.username)) {
    const made = dc.createChannel(channel);
    for (const text of posts) made.post(text);
  }
  return serversOf({ dcs: dc.dcs, publicKey: dc.publicKey.pem });
}

/** Asks the sandbox of another process where its servers are; `undefined` where it has none. */
export async function findMtproto(sandboxUrl: string): Promise<MtprotoServers | undefined> {
  const answer = await fetch(`${sandboxUrl}/_sandbox/mtproto/server`, {
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  if (answer?.ok !== true) {
    await answer?.body?.cancel();
    return undefined;
  }
  return serversOf((await answer.json()) as ServerAnswer);
}

interface ServerAnswer {
  readonly dcs: readonly { readonly dcId: number; readonly host: string; readonly port: number }[];
  readonly publicKey: string;
}

function serversOf({ dcs, publicKey }: ServerAnswer): MtprotoServers {
  return {
    datacenters: dcs.map(({ dcId: id, host, port }) => ({ id, host, port })),
    publicKeys: [publicKey],
  };
}
