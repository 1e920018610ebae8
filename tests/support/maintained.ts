import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { BackupSettings, PlatformProfile } from '../../src/domain/platform-profile.ts';
import type { WorkContext } from '../../src/maintenance/define-work.ts';
import { urlOfDatabase } from '../../src/maintenance/load.ts';
import { works } from '../../src/maintenance/registry.ts';
import { query } from './query.ts';

const migrations = path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations');

type MaintainedWishes = { readonly platform?: object; readonly backup?: object; readonly home: string };

export type Maintained = {
  readonly home: string;
  readonly lines: string[];
  /** Does a work in this process, as `bursar maintain NAME` would. */
  readonly maintain: (name: string, input?: Readonly<Record<string, unknown>>, signal?: AbortSignal) => Promise<Record<string, unknown>>;
  readonly databases: () => Promise<readonly string[]>;
};

/** The host of a database as its works see it, without SSH. */
export const maintained = (url: string, { platform = {}, backup = {}, home }: MaintainedWishes): Maintained => {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const lines: string[] = [];
  const context = (signal: AbortSignal): WorkContext => ({
    home,
    platform: PlatformProfile.parse(platform),
    backup: BackupSettings.parse(backup),
    migrations,
    databaseUrl: async () => url,
    signal,
    progress: (fraction, words) => void lines.push(`${Math.floor(fraction * 100)} % ${words}`),
  });
  return {
    home,
    lines,
    maintain: async (name, input = {}, signal = new AbortController().signal) => {
      const work = works.find(one => one.name === name);
      if (!work) throw new Error(`there is no work ${name}`);
      return (await work.run(work.input.parse(input), context(signal))) as Record<string, unknown>;
    },
    databases: async () => {
      const stem = new URL(url).pathname.slice(1, 25);
      const rows = await query(
        urlOfDatabase(url, 'postgres'),
        `SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY 1`,
        [stem],
      );
      return rows.map(row => String(row['datname']));
    },
  };
};
