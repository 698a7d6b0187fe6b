// The events manager of the simulated Meta: what arrived, what was dropped as a duplicate, what was refused and why.

import {
  ask,
  clockTime,
  connectFaults,
  connectLive,
  connectTabs,
  copies,
  detailsRow,
  find,
  guarded,
  make,
} from './parts.js';

const view = { dataset: undefined };
const drawFaults = connectFaults('meta');
connectTabs();

const words = {
  event_id: 'the same name and id came before',
  browser_event: 'the pixel had reported it',
};

const meta = (path, limit) =>
  view.dataset
    ? ask(`meta/${path}?${new URLSearchParams({ dataset: view.dataset.id, limit })}`)
    : Promise.resolve([]);

async function drawDatasets() {
  const datasets = await ask('meta/datasets');
  view.dataset = datasets.find(({ id }) => id === view.dataset?.id) ?? datasets[0];
  find('dataset').replaceChildren(
    ...datasets.map(({ id, name }) =>
      make('option', { value: id, selected: id === view.dataset?.id }, `${name} · ${id}`),
    ),
  );
  find('copy-token').disabled = view.dataset === undefined;
}

// ── Events ──

async function drawEvents() {
  const [events, allRefusals, counts] = await Promise.all([
    meta('events', 1_000),
    meta('refusals', 300),
    meta('counts', 1),
  ]);
  const refusals = allRefusals.filter(({ datasetId }) => datasetId === view.dataset?.id);
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
            view.dataset ? 'No such event yet.' : 'Make a dataset, and send events to it.',
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

// ── Traffic ──

async function drawCalls() {
  const calls = await ask('meta/calls?limit=60');
  find('calls').replaceChildren(
    ...(calls.length === 0
      ? [make('p', { class: 'empty' }, 'No call of the Graph API yet.')]
      : calls
          .toReversed()
          .map((call) =>
            detailsRow(
              `call ${call.at} ${call.path}`,
              [
                make(
                  'span',
                  { class: 'line' },
                  make(
                    'span',
                    { class: 'status', 'data-bad': String(!(call.status < 300)) },
                    String(call.status ?? 'none'),
                  ),
                  make(
                    'span',
                    { class: 'name' },
                    [call.operation, /^\/(v[\d.]+)/.exec(call.path)?.[1]].filter(Boolean).join(' · '),
                  ),
                  make('time', {}, clockTime(call.at)),
                ),
                make(
                  'span',
                  { class: 'detail' },
                  [
                    `${call.eventCount} ${call.eventCount === 1 ? 'event' : 'events'}`,
                    call.eventsReceived !== undefined && `${call.eventsReceived} received`,
                    call.code !== undefined && `code ${[call.code, call.subcode].filter(Boolean).join('/')}`,
                    call.fault && `fault: ${call.fault.replaceAll('_', ' ')}`,
                  ]
                    .filter(Boolean)
                    .join(' · '),
                ),
              ],
              call,
            ),
          )),
  );
}

// ── Forms ──

find('dataset').addEventListener(
  'change',
  guarded(async (event) => {
    view.dataset = { id: event.target.value };
    await drawAll();
  }),
);

find('new-dataset').addEventListener(
  'click',
  guarded(async () => {
    view.dataset = await ask('meta/datasets', { body: {} });
    await drawAll();
  }),
);

copies(find('copy-token'), () => view.dataset.token);
find('filter').addEventListener('change', guarded(drawEvents));

find('reset').addEventListener(
  'click',
  guarded(async () => {
    if (!confirm('Forget all datasets, events, logs and faults, of Telegram too?')) return;
    await ask('reset', { body: {} });
  }),
);

find('pixel-form').addEventListener(
  'submit',
  guarded(async (event) => {
    event.preventDefault();
    const given = [...new FormData(event.target)].filter(([, value]) => value.trim() !== '');
    await ask('meta/browser', { body: { dataset: view.dataset?.id, ...Object.fromEntries(given) } });
  }),
);

// ── Live ──

const drawers = {
  event: [drawEvents],
  dataset: [drawDatasets, drawEvents],
  call: [drawCalls],
  fault: [drawFaults],
  reset: [drawAll],
};

async function drawAll() {
  await drawDatasets();
  await Promise.all([drawEvents(), drawCalls(), drawFaults()]);
}

connectLive(drawAll, async (events) => {
  const own = events.filter(({ provider }) => provider === 'meta' || provider === '*');
  for (const task of new Set(own.flatMap(({ type }) => drawers[type] ?? []))) await task();
});
