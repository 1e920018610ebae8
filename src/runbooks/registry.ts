import type { AnyAction } from '../kit/define-action.ts';
import type { AnyRunbook } from '../kit/define-runbook.ts';
import { runbookAction } from '../kit/runbook-action.ts';
import { backup, backupFiles, listBackups, pinBackup, restoreFiles, unpinBackup, verifyBackup } from './backups.ts';
import { certificateDays, renewCertificates } from './certificates.ts';
import { cleanup, cleanupEstimate, fullCleanup } from './cleanup.ts';
import { orphans, statistics, unusedIndexes, vacuum } from './database-upkeep.ts';
import { deployPlatform, validateEnvironment } from './environment.ts';
import { hostReport } from './host-report.ts';
import { removeOrphans } from './orphans.ts';
import { probeHosts } from './probe-hosts.ts';
import { maintenanceOff, maintenanceOn } from './maintenance-mode.ts';
import { installLogRotation, rotateLogs } from './log-rotation.ts';
import { applyMigrations, showMigrations } from './migrations.ts';
import { drill, dropOldDatabase, restore, restoreBack } from './restore.ts';
import { searchLog } from './search-log.ts';
import { checkSecurityUpdates, securityUpdate } from './security-update.ts';
import { rotateServiceToken, verifyServiceToken } from './service-token.ts';
import { restartService, serviceStatus } from './services.ts';
import { checkUpdate, rollBackApplication, updateApplication } from './update.ts';
import { weeklyExport } from './weekly.ts';

/** Everything that is done on hosts. A new runbook is a file of this room and a line here. */
export const runbooks: readonly AnyRunbook[] = [
  hostReport,
  probeHosts,
  serviceStatus,
  restartService,
  searchLog,
  installLogRotation,
  rotateLogs,
  checkUpdate,
  updateApplication,
  rollBackApplication,
  checkSecurityUpdates,
  securityUpdate,
  certificateDays,
  renewCertificates,
  validateEnvironment,
  deployPlatform,
  showMigrations,
  applyMigrations,
  verifyServiceToken,
  rotateServiceToken,
  weeklyExport,
  backup,
  backupFiles,
  verifyBackup,
  listBackups,
  pinBackup,
  unpinBackup,
  restoreFiles,
  cleanupEstimate,
  cleanup,
  fullCleanup,
  statistics,
  vacuum,
  unusedIndexes,
  orphans,
  removeOrphans,
  maintenanceOn,
  maintenanceOff,
  drill,
  restore,
  restoreBack,
  dropOldDatabase,
];

/** The actions by which runbooks are asked for. */
export const runbookActions: readonly AnyAction[] = runbooks.map(runbookAction);
