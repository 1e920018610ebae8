import type { AnyAction } from '../../kit/define-action.ts';
import { addMachineAction } from './add.ts';
import { revokeMachineAction } from './revoke.ts';
import { rotateMachineAction } from './rotate.ts';

/** What can be done about machines. */
export const machinesActions: readonly AnyAction[] = [addMachineAction, rotateMachineAction, revokeMachineAction];
