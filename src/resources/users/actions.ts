import type { AnyAction } from '../../kit/define-action.ts';
import { activateUser } from './activate.ts';
import { changeUserRole } from './change-role.ts';
import { createUser } from './create.ts';
import { deactivateUser } from './deactivate.ts';
import { editUser } from './edit.ts';
import { endUserSessions } from './end-sessions.ts';
import { grantRoleToUser } from './grant-role.ts';
import { lockUser } from './lock.ts';
import { resetUserPassword } from './reset-password.ts';
import { unlockUser } from './unlock.ts';

/** What can be done about users. */
export const usersActions: readonly AnyAction[] = [
  createUser,
  editUser,
  activateUser,
  deactivateUser,
  lockUser,
  unlockUser,
  endUserSessions,
  resetUserPassword,
  changeUserRole,
  grantRoleToUser,
];
