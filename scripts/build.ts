// `npm run build`: the Prisma client, then one program in out/. `--if-stale` only when an input changed, `--watch` after every change.
import { inputsOf, isFresh } from './build/freshness.mjs';
import { generateClient } from './build/prisma-client.ts';

const root = new URL('..', import.meta.url).pathname;
const options = new Set(process.argv.slice(2));

const build = async (): Promise<void> => {
  const started = performance.now();
  generateClient(root);
  // esbuild takes longer to load than the question whether it is needed
  const { bundle, watch } = await import('./build/bundle.ts');
  if (options.has('--watch')) return watch(root);
  const size = await bundle(root, inputsOf(root));
  console.error(`built out/main.js, ${Math.round(size / 1024)} kB in ${Math.round(performance.now() - started)} ms`);
};

if (!options.has('--if-stale') || !isFresh(root)) await build();
