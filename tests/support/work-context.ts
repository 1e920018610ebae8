import path from 'node:path';
import { BackupSettings, PlatformProfile } from '../../src/domain/platform-profile.ts';
import type { WorkContext } from '../../src/maintenance/define-work.ts';
import { aCommandHome } from './command.ts';

export const migrations = path.join(import.meta.dirname, '..', '..', 'prisma', 'migrations');

export type WorkWishes = {
  readonly url: string;
  readonly home?: string;
  readonly backup?: Partial<BackupSettings>;
  readonly platform?: Partial<PlatformProfile>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (words: string) => void;
};

/** What `bursar maintain` gives to a work on a host that is set up so. */
export const aWorkContext = ({ url, home = aCommandHome(), backup = {}, platform = {}, signal, onProgress }: WorkWishes): WorkContext => ({
  home,
  migrations,
  backup: BackupSettings.parse(backup),
  platform: PlatformProfile.parse(platform),
  signal: signal ?? new AbortController().signal,
  databaseUrl: async () => url,
  progress: (_fraction, words) => onProgress?.(words),
});
