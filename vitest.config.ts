import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@cartie/source', 'node'] },
  ssr: { resolve: { conditions: ['@cartie/source', 'node'] } },
  test: {
    include: [
      'packages/*/{src,tests}/**/*.test.ts',
      'examples/*/{src,tests}/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A busy machine is no failure.
    expect: { poll: { timeout: 10_000 } },
    // Most tests wait for a clock, a server or a database, so two at once also fill a small machine better.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'html'],
      reportOnFailure: true,
    },
  },
});
