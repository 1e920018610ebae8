import type { AnyAction } from '../../kit/define-action.ts';
import { declareIncident } from './declare.ts';
import { draftIncidentNotice } from './draft.ts';
import { assignIncident, setIncidentLevel } from './lead.ts';
import { linkRecords, unlinkRecords } from './link.ts';
import { containIncident, resolveIncident } from './move.ts';
import { preserveEvidence } from './preserve.ts';
import { reviewIncident } from './review.ts';

/** What can be done about incidents. */
export const incidentsActions: readonly AnyAction[] = [
  declareIncident,
  containIncident,
  resolveIncident,
  reviewIncident,
  setIncidentLevel,
  assignIncident,
  linkRecords,
  unlinkRecords,
  preserveEvidence,
  draftIncidentNotice,
];
