import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { type GraphFailure, graphFailure } from './graph-failure.ts';
import type { DatasetOptions, SandboxDataset, TokenState } from './public.ts';

/** What Meta says about a token that it does not take. */
const tokenFailures = {
  expired: [463, 'Error validating access token: Session has expired.'],
  password_changed: [
    460,
    'Error validating access token: The session has been invalidated because the user changed their password.',
  ],
  app_removed: [458, 'Error validating access token: The user has not authorized application.'],
  checkpoint: [459, 'Error validating access token: The user is in a checkpoint.'],
  invalid: [467, 'Error validating access token: The session is invalid.'],
} as const satisfies Record<Exclude<TokenState, 'valid' | 'no_permission'>, [number, string]>;

/** Datasets, their tokens, and who may do what. */
export interface Datasets {
  create(options?: DatasetOptions): SandboxDataset;
  list(): SandboxDataset[];
  get(id: string): SandboxDataset | undefined;
  /** The dataset of a WhatsApp account, page or Instagram account. */
  connectedTo(accountId: string): SandboxDataset | undefined;
  setToken(token: string, state: TokenState): void;
  /** Throws unless this token, with this proof, may write to the dataset. */
  authorize(id: string, token: string | undefined, proof: string | undefined): SandboxDataset;
  reset(): void;
}

/** Creates {@link Datasets} without any. */
export function createDatasets(): Datasets {
  const datasets = new Map<string, SandboxDataset>();
  const tokens = new Map<string, TokenState>();

  function checkToken(token: string | undefined): string {
    if (token === undefined || token === '') {
      throw graphFailure({
        message: 'An access token is required to request this resource.',
        code: 104,
        status: 401,
      });
    }
    const state = tokens.get(token);
    if (state === undefined) {
      throw graphFailure({
        message: 'Invalid OAuth access token - Cannot parse access token',
        code: 190,
        status: 401,
      });
    }
    if (state === 'valid' || state === 'no_permission') return state;
    const [subcode, message] = tokenFailures[state];
    throw graphFailure({ message, code: 190, subcode, status: 401 });
  }

  return {
    create(options = {}) {
      const id = options.id ?? String(randomInt(1e14, 2e14));
      if (!/^\d+$/.test(id)) throw new TypeError('id must be digits');
      const known = datasets.get(id);
      if (known) return known;
      const dataset: SandboxDataset = {
        ...options,
        id,
        token: options.token ?? `EAA${randomBytes(24).toString('hex')}`,
        name: options.name ?? 'Website',
      };
      datasets.set(id, dataset);
      if (!tokens.has(dataset.token)) tokens.set(dataset.token, 'valid');
      return dataset;
    },
    list: () => [...datasets.values()],
    get: (id) => datasets.get(id),
    connectedTo: (accountId) =>
      [...datasets.values()].find(
        ({ whatsappBusinessAccountId, pageId, instagramAccountId }) =>
          whatsappBusinessAccountId === accountId || pageId === accountId || instagramAccountId === accountId,
      ),
    setToken(token, state) {
      if (!tokens.has(token)) throw new Error('token: the sandbox has no dataset with this token');
      tokens.set(token, state);
    },
    authorize(id, token, proof) {
      const state = checkToken(token);
      const dataset = datasets.get(id);
      if (!dataset || dataset.token !== token) throw missingObject(id);
      if (dataset.appSecret !== undefined) checkProof(dataset.appSecret, dataset.token, proof);
      if (state === 'no_permission') {
        throw graphFailure({
          message: '(#200) Requires ads_management permission to manage the object',
          code: 200,
          status: 403,
        });
      }
      return dataset;
    },
    reset() {
      datasets.clear();
      tokens.clear();
    },
  };
}

/** What Meta says of an object that is not there, or not for this token. */
export function missingObject(id: string): GraphFailure {
  return graphFailure({
    message: `Unsupported post request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`,
    type: 'GraphMethodException',
    code: 100,
    subcode: 33,
  });
}

function checkProof(appSecret: string, token: string, proof: string | undefined): void {
  if (proof === undefined) {
    throw graphFailure({
      message: 'API calls from the server require an appsecret_proof argument',
      type: 'GraphMethodException',
      code: 100,
    });
  }
  const expected = Buffer.from(createHmac('sha256', appSecret).update(token).digest('hex'));
  const given = Buffer.from(proof);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw graphFailure({
      message: 'Invalid appsecret_proof provided in the API argument',
      type: 'GraphMethodException',
      code: 100,
    });
  }
}
