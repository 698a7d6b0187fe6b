// Runs the tests once and ends with their counts on one plain line. Arguments are passed on to vitest.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { countsLine, readCounts, resultFile, root } from './test-counts.mjs';

const args = process.argv.slice(2);
const ownReporter = args.some((arg) => arg.startsWith('--reporter'));
rmSync(resultFile, { force: true });

const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...(ownReporter ? [] : ['--reporter=default']),
    '--reporter=json',
    `--outputFile.json=${resultFile}`,
    ...args,
  ],
  { cwd: root, stdio: 'inherit' },
);

const counts = readCounts();
process.exitCode = status ?? 1;
if (counts === undefined) {
  console.error('The tests did not finish.');
  process.exitCode ||= 1;
} else {
  console.log(countsLine(counts));
  if (process.env.CARTIE_REQUIRE_SERVICES === '1' && counts.skipped > 0) {
    console.error('A test was skipped although every service is required (CARTIE_REQUIRE_SERVICES=1).');
    process.exitCode ||= 1;
  }
}
