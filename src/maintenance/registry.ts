import { backupFilesWork } from './backup-files.ts';
import { backupWork } from './backup.ts';
import { cleanup, cleanupEstimate } from './cleanup-work.ts';
import type { AnyWork } from './define-work.ts';
import { listBackups } from './list-backups.ts';
import { pinBackup, unpinBackup, verifyBackup } from './look-after-backups.ts';
import { restoreFilesWork } from './restore-files.ts';
import { restoreWorks } from './restore/works.ts';
import { vacuum } from './vacuum.ts';
import { unusedIndexes } from './unused-indexes.ts';
import { statistics } from './statistics.ts';
import { probe } from './probe.ts';
import { orphans } from './orphans.ts';
import { removeOrphans } from './remove-orphans.ts';
import { maintenanceOffWork, maintenanceOnWork } from './maintenance-file.ts';
import { migrationsWork } from './migrations.ts';
import { serviceToken } from './service-token.ts';
import { validateEnvironment } from './validate-environment.ts';
import { weeklyExport } from './weekly-export.ts';

/** Everything that `bursar maintain` does. A new work is a file of this room and a line here. */
export const works: readonly AnyWork[] = [
  maintenanceOnWork,
  maintenanceOffWork,
  backupWork,
  backupFilesWork,
  verifyBackup,
  listBackups,
  pinBackup,
  unpinBackup,
  restoreFilesWork,
  cleanupEstimate,
  cleanup,
  orphans,
  removeOrphans,
  vacuum,
  statistics,
  probe,
  unusedIndexes,
  validateEnvironment,
  migrationsWork,
  serviceToken,
  weeklyExport,
  ...restoreWorks,
];
