import type { AnyAction } from '../kit/define-action.ts';
import { runbookAction } from '../kit/runbook-action.ts';
import { hostReport } from './host-report.ts';
import { searchLog } from './search-log.ts';
import { restartService, serviceStatus } from './services.ts';

/** The actions by which runbooks are asked for. */
export const runbookActions: readonly AnyAction[] = [
  runbookAction(hostReport),
  runbookAction(serviceStatus),
  runbookAction(restartService),
  runbookAction(searchLog),
];
