// What every page of the sandbox has: the choice of an account, traffic, faults, tabs, reset, and the stream of changes.

import {
  ask,
  clockTime,
  connectFaults,
  connectLive,
  connectTabs,
  copies,
  detailsRow,
  faultsOf,
  find,
  guarded,
  make,
} from './parts.js';

/**
 * Runs a page. `accounts` says where the accounts are, what is the id of one and how it is named; `panels` are the lists
 * of traffic; `draw` draws what belongs to the chosen account; `changes` says what each kind of event draws again.
 * `accounts.ask` makes a new account otherwise than at once; `faults` is where they are, if not with the other providers'.
 * Gives the view, whose `account` is the chosen one, `drawAll`, and `choose`, which has another account chosen.
 */
export function startPage({ provider, accounts, panels, draw, changes, forgets, faults }) {
  const view = { account: undefined };
  const id = accounts.id ?? 'id';
  const path = `${provider}/${accounts.path}`;
  const drawFaults = connectFaults(faults ?? faultsOf(provider));
  const drawPanels = Object.fromEntries(
    Object.entries(panels).map(([name, panel]) => [name, () => drawPanel(name, panel, view)]),
  );
  connectTabs();

  async function drawAccounts() {
    const all = await ask(path);
    view.account = all.find((one) => one[id] === view.account?.[id]) ?? all[0];
    find('account').replaceChildren(
      ...all.map((one) =>
        make('option', { value: one[id], selected: one[id] === view.account?.[id] }, accounts.name(one)),
      ),
    );
    for (const part of document.querySelectorAll('#new-person, #composer :is(textarea, button, input)')) {
      part.disabled = view.account === undefined;
    }
    find('copy-token').hidden = view.account?.token === undefined;
  }

  async function drawAll() {
    await drawAccounts();
    await draw();
    await Promise.all([...Object.values(drawPanels).map((panel) => panel()), drawFaults()]);
  }

  async function choose(account) {
    view.account = account;
    await drawAll();
  }

  find('account').addEventListener(
    'change',
    guarded((event) => choose({ [id]: event.target.value })),
  );
  find('new-account').addEventListener(
    'click',
    guarded(accounts.ask ?? (async () => choose(await ask(path, { body: {} })))),
  );
  copies(find('copy-token'), () => view.account.token);
  find('reset').addEventListener(
    'click',
    guarded(async () => {
      if (!confirm(`Forget all ${forgets}, logs and faults, of the other providers too?`)) return;
      await ask('reset', { body: {} });
    }),
  );

  const drawers = {
    call: [drawPanels.calls],
    ...(drawPanels.deliveries && { delivery: [drawPanels.deliveries] }),
    fault: [drawFaults],
    reset: [drawAll],
  };
  const drawersOf = (event) =>
    drawers[event.type] ??
    (changes(event) ?? []).map((drawer) => (drawer === 'accounts' ? drawAccounts : drawer));
  connectLive(drawAll, async (events) => {
    const own = events.filter((event) => event.provider === provider || event.provider === '*');
    for (const task of new Set(own.flatMap(drawersOf))) await task();
  });
  return { view, drawAll, choose };
}

/** A list of traffic, the newest first: `read` says what is shown of a record. */
async function drawPanel(name, { load, empty, read }, view) {
  const records = await load(view.account);
  find(name).replaceChildren(
    ...(records.length === 0
      ? [make('p', { class: 'empty' }, empty)]
      : records.toReversed().map((one) => trafficRow(one, read(one)))),
  );
}

function trafficRow(record, { status, isBad, name, detail, shown = record }) {
  return detailsRow(
    `${name} ${record.at} ${detail}`,
    [
      make(
        'span',
        { class: 'line' },
        make('span', { class: 'status', 'data-bad': String(isBad) }, String(status ?? 'none')),
        make('span', { class: 'name' }, name),
        make('time', {}, clockTime(record.at)),
      ),
      make('span', { class: 'detail' }, detail ?? ''),
    ],
    shown,
  );
}

/** The words that there are, with dots between them. */
export const dotted = (...words) => words.filter(Boolean).join(' · ');
