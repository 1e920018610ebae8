import type { Command } from './command.ts';
import { auditAnchorCommand } from './audit-anchor.ts';
import { auditVerifyCommand } from './audit-verify.ts';
import { casesReportCommand } from './cases-report.ts';
import { daemonCommand } from './daemon.ts';
import { demoPlatformCommand } from './demo-platform.ts';
import { demoCommand } from './demo.ts';
import { detectBacktestCommand } from './detect-backtest.ts';
import { detectRunCommand } from './detect-run.ts';
import { detectShadowCommand } from './detect-shadow.ts';
import { digestCommand, handoverCommand } from './digest.ts';
import { doctorCommand } from './doctor.ts';
import { enrolCommand } from './enrol.ts';
import { incidentsExportCommand } from './incidents-export.ts';
import { incidentsReportCommand } from './incidents-report.ts';
import { incidentsVerifyCommand } from './incidents-verify.ts';
import { healthCommand } from './health.ts';
import { hostsAddCommand } from './hosts-add.ts';
import { hostsAskCommand } from './hosts-ask.ts';
import { hostsLogsCommand } from './hosts-logs.ts';
import { runsFollowCommand } from './runs-follow.ts';
import { runsStartCommands } from './runs-start.ts';
import { runsTranscriptCommand } from './runs-transcript.ts';
import { maintainCommands } from './maintain.ts';
import { restoreOfflineCommand } from './restore-offline.ts';
import { loginCommand } from './login.ts';
import { logoutCommand } from './logout.ts';
import { machinesEnrolCommand } from './machines-enrol.ts';
import { migrateCommand } from './migrate.ts';
import { noticesSendCommand } from './notices-send.ts';
import { operatorsCreateCommand, operatorsFoundCommand } from './operators-found.ts';
import { operatorsRecoverCommand } from './operators-recover.ts';
import { passwordCommand } from './password.ts';
import { reviewCommand } from './review.ts';
import { reviewExportCommand, reviewsExportCommand } from './reviews-export.ts';
import { reviewsVerifyCommand } from './reviews-verify.ts';
import { planDefaultsCommand } from './schedule-plan-defaults.ts';
import { securityGatherCommand } from './security-gather.ts';
import { securityReportCommand } from './security-report.ts';
import { whoamiCommand } from './whoami.ts';

/** What is no pane and no action. */
export const commands: readonly Command[] = [
  migrateCommand,
  // the longer name first: of two that fit the first one is taken
  demoPlatformCommand,
  demoCommand,
  daemonCommand,
  doctorCommand,
  healthCommand,
  auditVerifyCommand,
  auditAnchorCommand,
  noticesSendCommand,
  detectRunCommand,
  detectBacktestCommand,
  detectShadowCommand,
  loginCommand,
  logoutCommand,
  whoamiCommand,
  passwordCommand,
  enrolCommand,
  machinesEnrolCommand,
  operatorsFoundCommand,
  operatorsCreateCommand,
  operatorsRecoverCommand,
  reviewCommand,
  reviewExportCommand,
  digestCommand,
  handoverCommand,
  reviewsExportCommand,
  casesReportCommand,
  reviewsVerifyCommand,
  incidentsExportCommand,
  incidentsVerifyCommand,
  incidentsReportCommand,
  securityReportCommand,
  securityGatherCommand,
  hostsAddCommand,
  hostsAskCommand,
  hostsLogsCommand,
  runsFollowCommand,
  ...runsStartCommands,
  runsTranscriptCommand,
  planDefaultsCommand,
  ...maintainCommands,
  restoreOfflineCommand,
];
