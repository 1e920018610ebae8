import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { aCommandHome } from './command.ts';
import type { GuideBank } from './guide-bank.ts';
import { listHost } from './runs.ts';
import { anSshServer, type SshServer } from './ssh-server.ts';

export type MaintainedHostWishes = {
  /** The owner's login to the database that is maintained. */
  readonly url: string;
  /** The home of `bursar` on the host; one of its own unless named. */
  readonly home?: string;
  /** Parts `platform` and `backup` of the `config.json` on the host. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** More of the environment of `bursar` on the host. */
  readonly environment?: Readonly<Record<string, string>>;
};

/** A real OpenSSH server on whose PATH stands this checkout's `bursar`, set up for a database as its owner would. */
export type MaintainedHost = SshServer & {
  readonly bursarHome: string;
  /** A folder that stands first on the PATH, for other programs of a test. */
  readonly programs: string;
  /** Puts the host into the inventory of a bank, and says so to the home of the console that executes: its key signs in. */
  readonly join: (bank: Pick<GuideBank, 'rows'>, name?: string) => Promise<void>;
  /** A home of a console that signs in to this host. */
  readonly consoleHome: string;
};

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'bursar.js');

/** For a shell: within single quotes nothing has a meaning. */
const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Writes a program of the host: a script of sh. */
export const writeProgram = (folder: string, name: string, script: string): void => {
  writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(folder, name), 0o755);
};

/** Writes the `config.json` of a home. */
export const writeHome = (home: string, config: Readonly<Record<string, unknown>>): void => {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(home, 'config.json'), JSON.stringify(config));
};

/** `await using host = await aMaintainedHost({ url })`: then `['bursar', 'maintain', …]` runs there. */
export const aMaintainedHost = async ({
  url,
  home = aCommandHome(),
  config = {},
  environment = {},
}: MaintainedHostWishes): Promise<MaintainedHost> => {
  const programs = path.join(aCommandHome(), 'bin');
  mkdirSync(programs);
  const settings = { ...environment, BURSAR_HOME: home, DATABASE_URL: url, BURSAR_OWNER_URL: url };
  const words = Object.entries(settings).map(([name, value]) => `${name}=${quoted(value)}`);
  writeProgram(programs, 'bursar', `${words.join(' ')} exec ${quoted(process.execPath)} ${quoted(program)} "$@"`);
  writeHome(home, config);
  const server = await anSshServer({ searchPath: `${programs}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin` });
  const consoleHome = aCommandHome();
  writeHome(consoleHome, { remote: { keyFile: server.keyFile } });
  return {
    ...server,
    bursarHome: home,
    programs,
    consoleHome,
    join: async (bank, name = 'db1') => void (await listHost(bank, server, name)),
  };
};
