/** The error for bytes that are not what the protocol allows. */
export function malformed(what: string): Error {
  return Object.assign(new Error(what), { name: 'Malformed' });
}
