import path from 'node:path';
import { PlatformProfile, BackupSettings } from '../../src/domain/platform-profile.ts';
import type { WorkContext } from '../../src/maintenance/define-work.ts';
import { works } from '../../src/maintenance/registry.ts';
import { aCommandHome } from './command.ts';

export type WorkWishes = {
  readonly url: string;
  readonly home?: string;
  readonly platform?: Readonly<Record<string, unknown>>;
  readonly backup?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
  readonly progress?: WorkContext['progress'];
};

/** A work in this process, as `bursar maintain NAME` does it: `await aWork({ url })('cleanup', { estimate: 1 })`. */
export const aWork = ({ url, home = aCommandHome(), platform = {}, backup = {}, signal, progress = () => undefined }: WorkWishes) => {
  const context: WorkContext = {
    home,
    platform: PlatformProfile.parse(platform),
    backup: BackupSettings.parse(backup),
    migrations: path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations'),
    databaseUrl: async () => url,
    signal: signal ?? new AbortController().signal,
    progress,
  };
  return async (name: string, input: object = {}): Promise<Readonly<Record<string, unknown>>> => {
    const work = works.find(one => one.name === name);
    if (!work) throw new Error(`there is no work ${name}`);
    return { ...(await work.run(work.input.parse(input), context)) };
  };
};
