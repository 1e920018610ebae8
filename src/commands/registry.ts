import type { Command } from './command.ts';
import { auditAnchorCommand } from './audit-anchor.ts';
import { auditVerifyCommand } from './audit-verify.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { migrateCommand } from './migrate.ts';

/** What is no pane and no action. */
export const commands: readonly Command[] = [migrateCommand, demoCommand, doctorCommand, auditVerifyCommand, auditAnchorCommand];
