// What the sandbox's pages share: asking the control API, drawing safely, faults, tabs, and the stream of changes.

export const find = (id) => document.getElementById(id);

export async function ask(path, options = {}) {
  const { body, method = body === undefined ? 'GET' : 'POST' } = options;
  const response = await fetch(`/_sandbox/${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? 'The sandbox refused');
  return answer;
}

/** Makes an element; text is always set as text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === 'onclick') element.addEventListener('click', value);
    else if (name === 'class') element.className = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ''));
  return element;
}

function notice(error) {
  const box = find('notice');
  box.textContent = error.message;
  box.hidden = false;
  clearTimeout(notice.timer);
  notice.timer = setTimeout(() => {
    box.hidden = true;
  }, 5_000);
}

export const guarded =
  (task) =>
  async (...given) => {
    try {
      await task(...given);
    } catch (error) {
      notice(error);
    }
  };

export const clockTime = (ms) =>
  new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const openRows = new Set();

/** A row that opens to the whole thing behind it, and stays open when the list is drawn again. */
export function detailsRow(key, summary, details) {
  const row = make('details', { class: 'row', open: openRows.has(key) });
  row.append(make('summary', {}, ...summary), make('pre', {}, JSON.stringify(details, null, 2)));
  row.addEventListener('toggle', () => {
    if (row.open) openRows.add(key);
    else openRows.delete(key);
  });
  return row;
}

/** Makes a button copy what `text` gives. */
export function copies(button, text) {
  const label = button.textContent;
  button.addEventListener(
    'click',
    guarded(async () => {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
      setTimeout(() => {
        button.textContent = label;
      }, 1_500);
    }),
  );
}

/** The faults of a provider of the HTTP kind. */
export const faultsOf = (provider) => ({
  async load() {
    const { kinds, faults } = await ask('faults');
    return { kinds, faults: faults.filter((one) => one.provider === undefined || one.provider === provider) };
  },
  set: (fault) => ask('faults', { body: { provider, ...fault } }),
  clear: (id) => ask(`faults/${id}`, { method: 'DELETE' }),
});

/** Connects the form and the list of faults with where they are; gives what draws them. */
export function connectFaults(source) {
  async function draw() {
    const { kinds, faults: own } = await source.load();
    const select = find('fault-kind');
    if (select.options.length === 0) {
      select.replaceChildren(
        ...kinds.map((kind) => make('option', { value: kind }, kind.replaceAll('_', ' '))),
      );
    }
    find('fault-count').textContent = own.length;
    find('fault-count').hidden = own.length === 0;
    find('fault-list').replaceChildren(...own.map((fault) => faultRow(fault, source)));
  }

  find('fault-form').addEventListener(
    'submit',
    guarded(async (event) => {
      event.preventDefault();
      const given = new FormData(event.target);
      const number = (name) => (given.get(name) === '' ? undefined : Number(given.get(name)));
      await source.set({
        kind: given.get('kind'),
        method: given.get('method').trim() || undefined,
        times: number('times'),
        retryAfter: number('retryAfter'),
        after: given.get('after') === 'on' || undefined,
      });
      await draw();
    }),
  );
  return draw;
}

function faultRow(fault, source) {
  const words = `${fault.kind.replaceAll('_', ' ')} · ${fault.method ?? 'every method'} · hit ${fault.hits}${fault.times ? ` of ${fault.times}` : ''}`;
  const clear = guarded(() => source.clear(fault.id));
  return make(
    'li',
    {},
    make('span', {}, words),
    make('button', { type: 'button', class: 'quiet', onclick: clear }, 'Clear'),
  );
}

/** Connects a dialog with its form: gives what opens it; `submit` gets what the form holds, and what it was opened for. */
export function connectDialog(id, submit) {
  const dialog = find(id);
  const form = dialog.querySelector('form');
  let subject;
  form.querySelector('[value="cancel"]').addEventListener('click', () => dialog.close());
  form.addEventListener(
    'submit',
    guarded(async () => {
      const given = Object.fromEntries(new FormData(form));
      await submit(given, subject);
    }),
  );
  return (about, values = {}) => {
    subject = about;
    form.reset();
    for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
    dialog.showModal();
  };
}

/** Connects each tab with the panel that it names. */
export function connectTabs() {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  for (const tab of tabs) {
    tab.addEventListener('click', () => {
      for (const other of tabs) {
        other.setAttribute('aria-selected', String(other === tab));
        find(other.getAttribute('aria-controls')).hidden = other !== tab;
      }
    });
  }
}

/** Listens to the stream of changes: `opened` when it begins, `changed` with each bundle of events. */
export function connectLive(opened, changed) {
  const events = new EventSource('/_sandbox/events');
  const setLive = (state) => {
    find('live').dataset.state = state;
    find('live').textContent = state;
  };
  events.addEventListener(
    'open',
    guarded(async () => {
      setLive('live');
      await opened();
    }),
  );
  events.addEventListener('error', () => setLive('connecting'));
  events.addEventListener(
    'message',
    guarded(({ data }) => changed(JSON.parse(data))),
  );
}
