import type { AnyAction } from '../../kit/define-action.ts';
import { closeOneCase } from './close.ts';
import { linkOneCase } from './link.ts';
import { resumeCase, suspendCase } from './move.ts';
import { openOneCase } from './open.ts';
import { takeOneCase } from './take.ts';

/** What can be done about cases. */
export const casesActions: readonly AnyAction[] = [openOneCase, takeOneCase, suspendCase, resumeCase, linkOneCase, closeOneCase];
