// The events manager of the simulated Meta: what arrived, what was dropped as a duplicate, what was refused and why.

import { ask, clockTime, detailsRow, find, guarded, make } from './parts.js';
import { dotted, startPage } from './shell.js';

const words = {
  event_id: 'the same name and id came before',
  browser_event: 'the pixel had reported it',
};

const meta = (path, limit) =>
  view.account
    ? ask(`meta/${path}?${new URLSearchParams({ dataset: view.account.id, limit })}`)
    : Promise.resolve([]);

async function drawEvents() {
  const [events, allRefusals, counts] = await Promise.all([
    meta('events', 1_000),
    meta('refusals', 300),
    meta('counts', 1),
  ]);
  const refusals = allRefusals.filter(({ datasetId }) => datasetId === view.account?.id);
  drawTotals({ ...counts, refusals: refusals.length });
  drawNames(events);
  const rows = [
    ...events.map((event) => ({ ...event, shown: event.outcome })),
    ...refusals.map((refusal) => ({ ...refusal, shown: 'refused' })),
  ]
    .filter(({ shown }) => find('filter').value === 'all' || find('filter').value === shown)
    // What came last is on top; of one request its last event.
    .map((row, order) => ({ row, order }))
    .sort((one, other) => other.row.at - one.row.at || other.order - one.order)
    .slice(0, 200)
    .map(({ row }) => row);
  find('events').replaceChildren(
    ...(rows.length === 0
      ? [
          make(
            'p',
            { class: 'empty' },
            view.account ? 'No such event yet.' : 'Make a dataset, and send events to it.',
          ),
        ]
      : rows.map((row) => (row.shown === 'refused' ? refusalRow(row) : eventRow(row)))),
  );
}

function drawTotals({ distinct = 0, duplicates = 0, refusals = 0 }) {
  const total = (name, count, state) =>
    make('div', { 'data-state': state }, make('dt', {}, name), make('dd', {}, count.toLocaleString()));
  find('totals').replaceChildren(
    total('Counted', distinct, 'counted'),
    total('Duplicates', duplicates, 'duplicate'),
    total('Refused requests', refusals, 'refused'),
  );
}

function drawNames(events) {
  const names = new Map();
  for (const { eventName, outcome, at } of events) {
    const entry = names.get(eventName) ?? { counted: 0, duplicate: 0, at };
    entry[outcome] += 1;
    entry.at = Math.max(entry.at, at);
    names.set(eventName, entry);
  }
  find('names').replaceChildren(
    ...[...names]
      .sort(([, one], [, other]) => other.counted - one.counted)
      .map(([name, { counted, duplicate, at }]) =>
        make(
          'li',
          {},
          make('b', {}, name),
          make('span', {}, String(counted)),
          make(
            'small',
            {},
            [duplicate > 0 && `${duplicate} dropped`, `last ${clockTime(at)}`].filter(Boolean).join(' · '),
          ),
        ),
      ),
  );
}

function eventRow(record) {
  const { at, eventName, eventId, from, outcome, duplicateBy, testEventCode } = record;
  const detail = [
    from === 'browser' ? 'pixel' : 'server',
    eventId === undefined ? 'no id, cannot be deduplicated by it' : eventId,
    testEventCode && `test ${testEventCode}`,
    words[duplicateBy],
  ];
  return detailsRow(
    `event ${at} ${eventName} ${eventId} ${outcome}`,
    summary(outcome, outcome === 'counted' ? 'counted' : 'duplicate', eventName, at, detail),
    record.event,
  );
}

function refusalRow(refusal) {
  const { at, code, subcode, reason, batchSize, index, field, event } = refusal;
  const where = index === undefined ? undefined : `event ${index + 1} of ${batchSize}: ${field}`;
  const rest = batchSize > 1 ? `${batchSize} events not processed` : undefined;
  return detailsRow(
    `refusal ${at} ${index} ${subcode}`,
    summary('refused', subcode ?? code, reason, at, [where, rest]),
    event ?? refusal,
  );
}

function summary(state, label, name, at, detail) {
  return [
    make(
      'span',
      { class: 'line' },
      make('span', { class: 'pill', 'data-state': state }, String(label)),
      make('span', { class: 'name' }, name),
      make('time', {}, clockTime(at)),
    ),
    make('span', { class: 'detail' }, detail.filter(Boolean).join(' · ')),
  ];
}

// ── Forms ──

find('filter').addEventListener('change', guarded(drawEvents));

find('pixel-form').addEventListener(
  'submit',
  guarded(async (event) => {
    event.preventDefault();
    const given = [...new FormData(event.target)].filter(([, value]) => value.trim() !== '');
    await ask('meta/browser', { body: { dataset: view.account?.id, ...Object.fromEntries(given) } });
  }),
);

const { view } = startPage({
  provider: 'meta',
  accounts: { path: 'datasets', name: ({ id, name }) => `${name} · ${id}` },
  panels: {
    calls: {
      load: () => ask('meta/calls?limit=60'),
      empty: 'No call of the Graph API yet.',
      read: ({ status, operation, path, eventCount, eventsReceived, code, subcode, fault }) => ({
        status,
        isBad: !(status < 300),
        name: dotted(operation, /^\/(v[\d.]+)/.exec(path)?.[1]),
        detail: dotted(
          `${eventCount} ${eventCount === 1 ? 'event' : 'events'}`,
          eventsReceived !== undefined && `${eventsReceived} received`,
          code !== undefined && `code ${[code, subcode].filter(Boolean).join('/')}`,
          fault && `fault: ${fault.replaceAll('_', ' ')}`,
        ),
      }),
    },
  },
  forgets: 'datasets, events',
  draw: drawEvents,
  changes: ({ type }) => ({ event: [drawEvents], dataset: ['accounts', drawEvents] })[type],
});
