import type { AnyAction } from '../../kit/define-action.ts';
import { addHostAction } from './add.ts';
import { editHostAction } from './edit.ts';
import { repinHostAction } from './repin.ts';
import { restoreHost, retireHost } from './retire.ts';

/** What can be done about hosts. */
export const hostsActions: readonly AnyAction[] = [addHostAction, repinHostAction, editHostAction, retireHost, restoreHost];
