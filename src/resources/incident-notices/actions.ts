import type { AnyAction } from '../../kit/define-action.ts';
import { discardDraft, editDraft } from './edit.ts';
import { sendDraft } from './send.ts';

/** What can be done about incident notices. */
export const incidentNoticesActions: readonly AnyAction[] = [editDraft, sendDraft, discardDraft];
