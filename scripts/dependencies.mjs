// Reports outdated and vulnerable dependencies. It tells, it does not judge: a registry that does not answer,
// or a new version somewhere, must not stop a change that has nothing to do with it.
import { pnpm } from './pnpm.mjs';
import { root } from './test-counts.mjs';

console.log('Outdated:');
await pnpm(root, ['outdated', '--recursive']);
console.log('\nVulnerable:');
const code = await pnpm(root, ['audit', '--prod']);
if (code !== 0) console.log('See above: vulnerable packages, or a registry that keeps no advisories.');
