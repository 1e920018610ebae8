import { z } from 'zod';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findDraft, type DraftRow } from './queries.ts';

export const DraftId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Draft' });

/** Only a draft is edited, sent or thrown away. */
export const whyNoDraft = (draft: DraftRow): string | undefined =>
  draft.status === 'draft' ? undefined : `notice ${draft.id} was ${draft.status} by ${draft.settledBy ?? '-'} already`;

/** The draft if it exists and still is one. */
export const draftFor = async (id: bigint, { db }: Context): Promise<Outcome<DraftRow>> => {
  const draft = await findDraft(db, id);
  if (!draft) return notFound(`there is no draft ${id}`);
  const objection = whyNoDraft(draft);
  return objection === undefined ? done(draft) : conflict(objection);
};

/** How audit and confirmation name a draft. */
export const draftTarget = (draft: DraftRow): Target => ({
  id: String(draft.id),
  label: `${draft.audience} on incident ${draft.incidentId}`,
  version: draft.version,
});
