import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import ts from 'typescript';

/** The repository's folder. */
export const root: string = join(import.meta.dirname, '..');

/** A package's manifest, as far as the tests look at it. */
export interface Manifest {
  name: string;
  description?: string;
  license?: string;
  type?: string;
  engines?: { node?: string };
  exports: Record<string, string | Record<string, string>>;
  publishConfig?: { access?: string; exports?: Manifest['exports'] };
}

/** A package of the workspace that is published. */
export interface Package {
  /** `core` */
  readonly folder: string;
  readonly path: string;
  readonly manifest: Manifest;
  /** Source files, tests left out. */
  readonly sources: readonly SourceFile[];
}

/** A file of a package's `src`. */
export interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  /** `http.ts` */
  readonly name: string;
  readonly text: string;
  /** What it imports, as written. */
  readonly imports: readonly string[];
}

/** All packages under `packages/`. */
export const packages: readonly Package[] = readdirSync(join(root, 'packages')).map(readPackage);

function readPackage(folder: string): Package {
  const path = join(root, 'packages', folder);
  return {
    folder,
    path,
    manifest: JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')),
    sources: globSync('src/**/*.ts', { cwd: path })
      .filter((file) => !file.endsWith('.test.ts'))
      .map((file) => readSource(join(path, file))),
  };
}

function readSource(path: string): SourceFile {
  const text = readFileSync(path, 'utf8');
  return {
    path: relative(root, path),
    name: basename(path),
    text,
    imports: ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName),
  };
}
