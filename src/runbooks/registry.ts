import type { AnyAction } from '../kit/define-action.ts';
import type { AnyRunbook } from '../kit/define-runbook.ts';
import { runbookAction } from '../kit/runbook-action.ts';
import { hostReport } from './host-report.ts';
import { searchLog } from './search-log.ts';
import { restartService, serviceStatus } from './services.ts';

/** Everything that is done on hosts. A new runbook is a file of this room and a line here. */
export const runbooks: readonly AnyRunbook[] = [hostReport, serviceStatus, restartService, searchLog];

/** The actions by which runbooks are asked for. */
export const runbookActions: readonly AnyAction[] = runbooks.map(runbookAction);
