import { createHmac } from 'node:crypto';

/**
 * A secret made of another, for one purpose: the same in every process and after every restart, so that nothing has to be
 * kept. 43 characters of base64url.
 */
export function derivedSecret(secret: string, purpose: string): string {
  return createHmac('sha256', secret).update(purpose).digest('base64url');
}
