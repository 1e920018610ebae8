import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build as bundleOnce, context, type BuildOptions, type OutputFile, type Plugin } from 'esbuild';
import { inputsOf, lastBuild, stampFile, type Stamp } from './freshness.mjs';
import { changedPackages } from './packages.ts';

const options = (root: string): BuildOptions & { write: false } => ({
  absWorkingDir: root,
  entryPoints: [join(root, 'src/main.ts')],
  outdir: join(root, 'out'),
  bundle: true,
  splitting: true,
  // one flat folder: a file's way to ../prisma is the same from every chunk
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'esnext',
  jsx: 'automatic',
  minifySyntax: true,
  legalComments: 'none',
  // React's and Ink's debugging code costs 6 ms of every frame
  define: {
    'process.env.NODE_ENV': '"production"',
    'process.env.DEV': '"false"',
    'Intl.Segmenter': 'LazySegmenter',
    // ssh2 looks beside itself for a helper that it needs on Windows only
    __dirname: 'import.meta.dirname',
  },
  inject: [join(root, 'scripts/build/segmenter.ts')],
  banner: { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" },
  external: ['pg-native', 'cpu-features'],
  plugins: [changedPackages],
  logLevel: 'warning',
  write: false,
});

/** Whole files only: a console that starts meanwhile sees the old program or the new one. Chunks of the last build stay for consoles that run. */
const publish = (root: string, files: readonly OutputFile[], inputs: string): number => {
  const out = join(root, 'out');
  mkdirSync(out, { recursive: true });
  const before = lastBuild(root)?.files ?? [];
  const names = files.map(file => basename(file.path));
  const chunksFirst = files.toSorted((a, b) => Number(a.path.endsWith('/main.js')) - Number(b.path.endsWith('/main.js')));
  for (const { path, contents } of chunksFirst) {
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
  const stamp: Stamp = { inputs, files: names };
  writeFileSync(stampFile(root), JSON.stringify(stamp));
  const kept = new Set([...names, ...before]);
  for (const name of readdirSync(out)) if (name.endsWith('.js') && !kept.has(name)) rmSync(join(out, name));
  return files.reduce((sum, file) => sum + file.contents.byteLength, 0);
};

/** Bundles src/main.ts into out/; gives the size in bytes. */
export const bundle = async (root: string, inputs: string): Promise<number> => {
  const { outputFiles } = await bundleOnce(options(root));
  return publish(root, outputFiles, inputs);
};

/** Bundles again after every change, until the process is ended. */
export const watch = async (root: string): Promise<void> => {
  const publisher: Plugin = {
    name: 'publish',
    setup: build =>
      build.onEnd(({ errors, outputFiles = [] }) => {
        if (errors.length > 0) return;
        publish(root, outputFiles, inputsOf(root));
        console.log(`${new Date().toLocaleTimeString()} built`);
      }),
  };
  const { plugins = [], ...rest } = options(root);
  const watcher = await context({ ...rest, plugins: [...plugins, publisher] });
  await watcher.watch();
};
