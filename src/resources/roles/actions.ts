import type { AnyAction } from '../../kit/define-action.ts';
import { createRole } from './create.ts';
import { editRole } from './edit.ts';
import { restoreRole } from './restore.ts';
import { retireRole } from './retire.ts';
import { setPermissions } from './set-permissions.ts';

/** What can be done about roles. */
export const rolesActions: readonly AnyAction[] = [createRole, editRole, setPermissions, retireRole, restoreRole];
