import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

// One config for every package: the entry points are read from the package's own `exports`,
// so that a new subpath needs no second place.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, { '@cartie/source'?: string } | string>;
  bin?: Record<string, string>;
};
const sources = Object.values(manifest.exports)
  .map((target) => (typeof target === 'string' ? undefined : target['@cartie/source']))
  .filter((source) => source !== undefined);
const binaries = Object.values(manifest.bin ?? {}).map((target) =>
  target.replace('./dist/', './src/').replace(/\.js$/, '.ts'),
);

const config:
  | Options
  | Options[]
  | ((overrideOptions: Options) => Options | Options[] | Promise<Options | Options[]>) = defineConfig({
  entry: [...sources, ...binaries],
  format: 'esm',
  platform: 'node',
  target: 'node22',
  dts: { entry: sources },
  sourcemap: true,
  clean: true,
  splitting: true,
  treeshake: true,
});

export default config;
