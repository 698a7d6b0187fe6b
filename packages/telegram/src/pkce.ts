import { createHash, randomBytes } from 'node:crypto';

/** The two halves of a proof that who redeems a code is who asked for it. @see https://www.rfc-editor.org/rfc/rfc7636 */
export interface Pkce {
  /** Stays with you until the code is redeemed. */
  codeVerifier: string;
  /** Goes with the user to Telegram: `code_challenge`, with the method `S256`. */
  codeChallenge: string;
}

/** A new pair of PKCE, method S256. Pass a `codeVerifier` (43 to 128 characters) to get the challenge of that one. */
export function createPkce(codeVerifier: string = randomBytes(32).toString('base64url')): Pkce {
  return { codeVerifier, codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url') };
}
