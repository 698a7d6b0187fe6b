// Talks to /api: requests, and the stream of changes.

/** No answer, or one that is not 2xx. The message says it to an operator. */
class RequestFailed extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const get = (path) => request('GET', path);
export const post = (path, body = {}) => request('POST', path, json(body));
/** Sends a file's bytes; what goes with it is in the address. */
export const postFile = (path, fields, file) =>
  request('POST', `${path}?${new URLSearchParams(fields)}`, {
    headers: { 'content-type': file.type },
    body: file,
  });
export const remove = (path) => request('DELETE', path);

/** Calls `on[topic]` with each new state and `onConnection` with whether the stream is up. Returns a function that ends it. */
export function watch(on, onConnection) {
  let source;
  let retry;
  let pauseMs = 500;
  const connect = () => {
    source = new EventSource('/api/events');
    source.onopen = () => {
      pauseMs = 500;
      onConnection(true);
    };
    // The browser gives up for good where the server answers with an error, so it is asked again here.
    source.onerror = () => {
      onConnection(false);
      source.close();
      clearTimeout(retry);
      retry = setTimeout(connect, pauseMs);
      pauseMs = Math.min(pauseMs * 2, 10_000);
    };
    for (const [topic, handle] of Object.entries(on)) {
      source.addEventListener(topic, (event) => handle(JSON.parse(event.data)));
    }
  };
  connect();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}

const json = (body) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

async function request(method, path, content) {
  let response;
  try {
    response = await fetch(`/api${path}`, { method, ...content });
  } catch {
    throw new RequestFailed(0, 'The server does not answer. Is it running?');
  }
  const text = await response.text().catch(() => '');
  const answer = readJson(text);
  if (!response.ok || (text !== '' && answer === undefined)) {
    throw new RequestFailed(response.status, answer?.error ?? 'The server could not do this.');
  }
  return answer;
}

/** Undefined for what is none: a proxy answers with a page where the server is away. */
function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
