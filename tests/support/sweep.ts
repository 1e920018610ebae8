// Waits for the end of a test run, then stops every server that still runs below one of its folders and removes the folders.
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { stopPostmaster } from '../../src/database/local/postmaster.ts';

const folders = process.argv.slice(2);

process.stdin.resume();
await once(process.stdin, 'end');
for (const folder of folders) {
  for (const home of await readdir(folder)) await stopPostmaster(path.join(folder, home, 'data'));
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
