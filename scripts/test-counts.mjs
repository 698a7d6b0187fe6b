import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where vitest leaves its results. */
export const resultFile = join(root, 'node_modules/.cache/cartie/tests.json');

/**
 * The counts of the last run and what failed in it, or `undefined` if it did not come to its end.
 * A file that could not be loaded counts as one failed test.
 */
export function readCounts() {
  let result;
  try {
    result = JSON.parse(readFileSync(resultFile, 'utf8'));
  } catch {
    return undefined;
  }
  const failures = result.testResults.flatMap((file) => failuresOf(file));
  return {
    passed: result.numPassedTests,
    failed: failures.length,
    skipped: result.numPendingTests + result.numTodoTests,
    failures,
  };
}

/** What failed in a file, a line each: where it is, what it is called, and how its message begins. */
function failuresOf(file) {
  if (file.status !== 'failed') return [];
  const path = relative(root, file.name);
  const failed = file.assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0) return [`${path}: ${firstLine(file.message)}`];
  return failed.map((test) => `${path} › ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
}

function firstLine(message = '') {
  return message.trim().split('\n')[0];
}

export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
