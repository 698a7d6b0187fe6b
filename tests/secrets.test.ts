import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './workspace.ts';

/** What must never be committed. */
const forbidden = {
  'a token of npm or GitHub': /\b(?:npm|gh[pousr])_[A-Za-z0-9]{36}/,
  'a token of Meta': /\bEAA[A-Za-z0-9]{80,}/,
  'a private key': /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}/,
  'a cloud key': /\bAKIA[A-Z0-9]{16}\b/,
  'a password in a URL':
    /\b[a-z][a-z0-9+]*:\/\/[^\s/:@'"`$<{]+:(?!(?:password|secret|pass)\b)[^\s/:@'"`$<{]{3,}@(?!127\.0\.0\.1|localhost|example\.|[a-z-]+\.example)[\w.]+/,
  'the address of a package registry':
    /\bregistry\.[a-z0-9-]+\.(?:org|com|dev|io)\b|\bresolution:.*\btarball:/,
  "somebody's home folder":
    /(?:^|[\s'"`(=:])(?:\/home\/[a-z][\w-]*|\/Users\/[A-Za-z][\w-]*|\/root|[A-Z]:\\Users\\\w+)\//m,
} as const satisfies Record<string, RegExp>;

const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((file) => file !== '' && !/\.(?:png|jpe?g|webp|ico|woff2?|mp4)$/.test(file));

it('looks at the whole repository', () => {
  expect(files).toEqual(expect.arrayContaining(['package.json', 'pnpm-lock.yaml', 'README.md']));
});

it.each(Object.entries(forbidden))('no file holds %s', (_name, pattern) => {
  const found = files.filter((file) => pattern.test(readText(file)));
  expect(found).toEqual([]);
});

it('bot tokens in tests and documents are made up', () => {
  // A real one has 35 characters after the colon, and no human wrote them: it has no run that repeats or counts up.
  const tokens = files.flatMap((file) =>
    [...readText(file).matchAll(/\b\d{8,10}:[A-Za-z0-9_-]{35}\b/g)].map(([token]) => ({ file, token })),
  );
  const looksReal = tokens.filter(
    ({ token }) => !/(.)\1{3}|test|fake|example|secret|canary|abcd|1234/i.test(token),
  );
  expect(looksReal.map(({ file }) => file)).toEqual([]);
});

/** Empty for a file that was removed but is still in git's index. */
function readText(file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return '';
  }
}
