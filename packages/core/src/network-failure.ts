import { CartieError } from './errors.ts';

const certificate = 'the certificate was not accepted';

/** Codes of failures before a byte of the request could be sent, so that the provider cannot have acted, and what they mean. */
const beforeSending: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it was refused',
  ENOTFOUND: 'nobody knows the name of the host',
  EAI_AGAIN: 'the name of the host could not be looked up',
  EAI_FAIL: 'the name of the host could not be looked up',
  EHOSTUNREACH: 'there is no way to the host',
  ENETUNREACH: 'there is no way to the host',
  ENETDOWN: 'the network is down',
  EADDRNOTAVAIL: 'this machine has no port or address left for it',
  UND_ERR_CONNECT_TIMEOUT: 'the host did not answer in time',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: certificate,
  SELF_SIGNED_CERT_IN_CHAIN: certificate,
  UNABLE_TO_GET_ISSUER_CERT: certificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificate,
  CERT_HAS_EXPIRED: certificate,
  CERT_NOT_YET_VALID: certificate,
  CERT_REVOKED: certificate,
  CERT_REJECTED: certificate,
  CERT_UNTRUSTED: certificate,
  CERT_CHAIN_TOO_LONG: certificate,
  HOSTNAME_MISMATCH: certificate,
  INVALID_CA: certificate,
  INVALID_PURPOSE: certificate,
  PATH_LENGTH_EXCEEDED: certificate,
};

/** Codes that may come at any moment. Beside those above the only ones that are shown: another might hold anything. */
const atAnyTime: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** The peers did not agree on TLS; what stands before these words differs between versions of OpenSSL. */
const handshakeFailure =
  /^ERR_SSL_[A-Z\d_/]*(HANDSHAKE_FAILURE|WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|UNRECOGNIZED_NAME)$/;

/** What undici's `ProxyAgent` says where the proxy makes no tunnel: the request itself was not written then. */
const proxyRefusal = /^Proxy response \(\d+\) !== 200 when HTTP Tunneling/;

/**
 * The error for whatever `fetch` threw, `connection_failed` as a rule. `not_executed` only where its causes prove that nothing was
 * sent. Nothing else of the error is kept than a code that is known: it may quote the URL, headers or the peer's address.
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
  const code = codeOf(error);
  if (failedToConnect(error)) {
    const message = `No connection could be made${reasonOf(code)}`;
    return new CartieError('connection_failed', message, { outcome: 'not_executed' });
  }
  const shown = code === undefined ? '' : ` (${code})`;
  return new CartieError('connection_failed', `The connection failed before the answer was complete${shown}`);
}

function reasonOf(code: string | undefined): string {
  if (code === undefined) return '';
  if (handshakeFailure.test(code)) return `: the host does not agree on TLS; is it https? (${code})`;
  const reason = beforeSending[code];
  return reason === undefined ? ` (${code})` : `: ${reason} (${code})`;
}

/** The first code that is known among an error and its causes. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 5) return undefined;
  const { code, cause, errors } = error as Record<string, unknown>;
  if (typeof code === 'string' && isKnown(code)) return code;
  const further = [cause, ...(Array.isArray(errors) ? errors : [])];
  return further.map((each) => codeOf(each, depth + 1)).find((found) => found !== undefined);
}

function isKnown(code: string): boolean {
  return Object.hasOwn(beforeSending, code) || atAnyTime.has(code) || handshakeFailure.test(code);
}

/** Do an error's causes prove that there was no connection? */
export function failedToConnect(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false;
  const { code, message, syscall, cause, errors } = error as Record<string, unknown>;
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    Object.hasOwn(beforeSending, String(code)) ||
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
