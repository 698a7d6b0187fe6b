import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** How a bot's ID tokens can be signed, as chosen in BotFather. */
export type LoginAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** The keys of the simulated oauth.telegram.org. */
export interface LoginKeys {
  /** What `/.well-known/jwks.json` shows. */
  published(): { keys: Record<string, unknown>[] };
  /** A JWT with these claims. */
  sign(algorithm: LoginAlgorithm, claims: Readonly<Record<string, unknown>>): string;
  /** New keys from now on; the old ones are withdrawn. With `sameIds` they keep their names. */
  rotate(options?: { sameIds?: boolean }): void;
}

interface Pair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Creates {@link LoginKeys}; keys are made on first use. */
export function createLoginKeys(): LoginKeys {
  const pairs = new Map<LoginAlgorithm, Pair>();
  let generation = 1;

  function pairOf(algorithm: LoginAlgorithm): Pair {
    let pair = pairs.get(algorithm);
    if (!pair) {
      const kid =
        algorithm === 'RS256' ? `oidc-${generation}` : `oidc-${algorithm.toLowerCase()}-${generation}`;
      pair = { kid, ...generate(algorithm) };
      pairs.set(algorithm, pair);
    }
    return pair;
  }

  return {
    published: () => ({
      keys: algorithms.map((alg) => {
        const { kid, publicKey } = pairOf(alg);
        return { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
      }),
    }),
    sign(algorithm, claims) {
      const { kid, privateKey } = pairOf(algorithm);
      const parts = [{ alg: algorithm, typ: 'JWT', kid }, claims];
      const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      return `${signed}.${signatureOf(algorithm, Buffer.from(signed), privateKey).toString('base64url')}`;
    },
    rotate({ sameIds = false } = {}) {
      if (!sameIds) generation += 1;
      pairs.clear();
    },
  };
}

const algorithms = ['RS256', 'ES256', 'EdDSA'] as const satisfies readonly LoginAlgorithm[];

function generate(algorithm: LoginAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  switch (algorithm) {
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
  }
}

function signatureOf(algorithm: LoginAlgorithm, data: Buffer, key: KeyObject): Buffer {
  if (algorithm === 'EdDSA') return sign(null, data, key);
  return sign('sha256', data, algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key);
}
