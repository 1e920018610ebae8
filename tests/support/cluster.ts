import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { aFolder, aServerFolder } from './server-folder.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** One folder per run, on the disk. It vanishes with the run. */
    runFolder: string;
    /** Another one for servers, in memory where there is room: each folder in it may be a home with one. It vanishes with the run. */
    serverFolder: string;
  }
}

/**
 * Vitest's global setup. It only makes folders and the process that sweeps them: the cluster itself starts when a test first asks for a
 * database (database.ts), so that a run of unit tests alone pays nothing.
 */
export default function setUp(project: TestProject): () => Promise<void> {
  const [folder, servers] = [aFolder(), aServerFolder()];
  project.provide('runFolder', folder);
  project.provide('serverFolder', servers);
  // what a test starts from the sources has its types taken out once, not at every start
  process.env['NODE_COMPILE_CACHE'] ??= path.join(folder, 'compiled');

  // detached, so that Ctrl+C reaches only the run; the pipe tells the sweeper when the run is over, even after a kill -9
  const sweeper = spawn(process.execPath, [path.join(import.meta.dirname, 'sweep.ts'), servers, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  return async () => {
    sweeper.stdin?.end();
    await once(sweeper, 'exit');
  };
}
