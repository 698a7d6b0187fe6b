import { CartieError } from './errors.ts';

/** Codes of failures before a byte of the request could be sent: the provider cannot have acted. */
const beforeSending: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
]);

/** The peers did not agree on TLS; what stands before these words differs between versions of OpenSSL. */
const handshakeFailure =
  /^ERR_SSL_.*(HANDSHAKE_FAILURE|WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|UNRECOGNIZED_NAME)$/;

/** What undici's `ProxyAgent` says where the proxy makes no tunnel: the request itself was not written then. */
const proxyRefusal = /^Proxy response \(\d+\) !== 200 when HTTP Tunneling/;

/**
 * The error for whatever `fetch` threw, `connection_failed` as a rule. `not_executed` only where its causes prove that nothing was
 * sent. Nothing else of the error is kept: it may quote the URL, headers or the peer's address.
 */
export function networkFailure(error: unknown): CartieError {
  if (isBlockedPort(error)) {
    return new CartieError(
      'invalid_config',
      '`baseUrl` has a port that `fetch` refuses: give it another one',
      {
        field: 'baseUrl',
        outcome: 'not_executed',
      },
    );
  }
  return failedToConnect(error)
    ? new CartieError('connection_failed', 'No connection could be made', { outcome: 'not_executed' })
    : new CartieError('connection_failed', 'The connection failed before the answer was complete');
}

/** Do an error's causes prove that there was no connection? */
export function failedToConnect(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, message, syscall, cause, errors } = error as Record<string, unknown>;
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    beforeSending.has(String(code)) ||
    handshakeFailure.test(String(code)) ||
    (code === 'UND_ERR_ABORTED' && proxyRefusal.test(String(message))) ||
    // Several addresses were tried.
    (Array.isArray(errors) &&
      errors.length > 0 &&
      errors.every((each) => failedToConnect(each, depth + 1))) ||
    failedToConnect(cause, depth + 1)
  );
}

// https://fetch.spec.whatwg.org/#port-blocking. These words are all that undici tells of it.
function isBlockedPort(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error) || depth > 5) return false;
  return error.message === 'bad port' || isBlockedPort(error.cause, depth + 1);
}
