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
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      reporter: ['text-summary', 'html'],
      reportOnFailure: true,
    },
  },
});
