import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { GlobalFlags } from '../cli/global-flags.ts';
import type { Streams } from '../cli/streams.ts';
import { readConfig, type Config } from '../config.ts';
import { defaultHome } from '../database/local/site.ts';
import type { Channels } from '../notices/channel.ts';
import { noLog, openLog, secretsOf, type Log } from './debug-log.ts';

/** What every front end starts from. Panes, actions and the database are not among it: a screen loads them behind its first frame. */
export type Program = {
  readonly config: Config;
  readonly migrations: string;
  readonly readOnly: boolean;
  readonly as: string | undefined;
  readonly log: Log;
  /** The ways out for notices, as they are set up. Loaded when somebody sends. */
  readonly channels: () => Promise<Channels>;
};

/** The version of the package at the root. */
export const versionOf = (root: URL): string =>
  (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }).version;

/** Reads the configuration; opens nothing but the log. */
export const prepareProgram = (given: GlobalFlags, environment: NodeJS.ProcessEnv, root: URL): Program => {
  const config = readConfig(environment, defaultHome(environment));
  const log = given.debugLog === undefined ? noLog : openLog(given.debugLog, secretsOf(environment));
  log.write('start', { version: versionOf(root), node: process.version, words: given.rest.slice(0, 2) });
  return {
    config,
    migrations: fileURLToPath(new URL('prisma/migrations', root)),
    readOnly: given.readOnly,
    as: given.as,
    log,
    channels: async () => {
      if (Object.keys(config.notices).length === 0) return new Map();
      const { channelsFrom } = await import('../notices/channel-settings.ts');
      return channelsFrom(config.notices, environment);
    },
  };
};

/** Tells an error that nobody answered for, in a line; all of it goes to the log. */
export const tellError = async (error: unknown, streams: Streams, json: boolean): Promise<number> => {
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return exitCode.done; // whoever read has seen enough
  const { explain } = await import('./explain.ts');
  const { refusal, code } = explain(error);
  await refuse(streams, json, { ok: false, refusal });
  return code;
};
