/** Where Meta keeps files. */
const hosts = ['facebook.com', 'fbcdn.net', 'fbsbx.com', 'whatsapp.net'] as const;

/** May the token be sent there: over TLS to a host of Meta's, or to the origin that the client was given as `baseUrl`? */
export function isMetaHost(address: string, ownOrigin: string | undefined): boolean {
  if (typeof address !== 'string' || !URL.canParse(address)) return false;
  const url = new URL(address);
  if (url.username !== '' || url.password !== '') return false;
  if (ownOrigin !== undefined && url.origin === ownOrigin) return true;
  return (
    url.protocol === 'https:' &&
    url.port === '' &&
    hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`))
  );
}
