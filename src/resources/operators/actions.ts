import type { AnyAction } from '../../kit/define-action.ts';
import { createOperator } from './create.ts';
import { disableOperator } from './disable.ts';
import { changeOperator } from './edit.ts';
import { enableOperator } from './enable.ts';
import { endDeveloper } from './end-developer.ts';
import { endOperatorSessions } from './end-sessions.ts';
import { foundOperatorAction } from './found.ts';
import { grantDeveloper } from './grant-developer.ts';
import { grantOperatorRole } from './grant-role.ts';
import { recoverOperatorAction } from './recover.ts';
import { resetOperatorCredentials } from './reset.ts';
import { revokeOperatorRole } from './revoke-role.ts';

/** What can be done about operators. */
export const operatorsActions: readonly AnyAction[] = [
  createOperator,
  changeOperator,
  enableOperator,
  disableOperator,
  grantOperatorRole,
  revokeOperatorRole,
  grantDeveloper,
  endDeveloper,
  resetOperatorCredentials,
  endOperatorSessions,
  foundOperatorAction,
  recoverOperatorAction,
];
