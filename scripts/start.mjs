// `npm start`: builds what changed, then is the command. One process and plain JavaScript, because each of them would delay the first frame.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { fittingNode } from '../bin/node.js';
import { isFresh } from './build/freshness.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

if (!isFresh(root)) {
  const { status } = spawnSync(fittingNode(), [fileURLToPath(new URL('build.ts', import.meta.url))], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
await import('../bin/bursar.js');
