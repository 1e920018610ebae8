import { z } from 'zod';
import { countOf } from '../../domain/incident.ts';
import { piecesOf } from '../../domain/incident-notice.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { enqueueNotice } from '../../kit/notice.ts';
import { recipientsOf, settleDraft, type DraftRow } from './queries.ts';
import { DraftId, draftFor, draftTarget } from './target.ts';

/** Beyond it a mailing of the platform's own is the way: each of them is a row written in one transaction. */
const mostRecipients = 1_000;
/** What stands behind one label of a notice, in characters. */
const pieceLength = 270;

const staffOf = { team: 'incident.manage', management: 'manager' } as const;

const placesOf = ({ audience }: DraftRow, recipients: readonly string[]) =>
  audience === 'team' || audience === 'management' ? [{ staff: staffOf[audience] }] : recipients.map(address => ({ address }));

export const sendDraft = defineAction({
  id: 'incident-notices.send',
  title: 'Send the notice',
  past: 'sent',
  permission: 'incident.manage',
  eyes: 1,
  // What customers read is read by two before
  eyesFor: ({ draft }: { readonly draft: DraftRow; readonly recipients: readonly string[] }) => (draft.audience === 'customers' ? 2 : 1),
  checker: 'approval.decide',
  danger: 'plain',
  irreversible: 'what was sent is not taken back',
  verb: 'update',
  entity: 'incident-notice',
  input: z.object({ id: DraftId, note: Note }),

  gather: async ({ id }, context) => {
    const draft = await draftFor(id, context);
    if (!draft.ok) return draft;
    const recipients = await recipientsOf(context.db, id);
    if (recipients.length === 0)
      return conflict(`there is nobody to send it to: incident ${draft.value.incidentId} has no affected account, or nobody has the role`);
    if (recipients.length > mostRecipients)
      return conflict(`${recipients.length} recipients are more than ${mostRecipients}`, 'use the mailing of the platform');
    return done({ draft: draft.value, recipients });
  },
  target: ({ draft }) => draftTarget(draft),
  preview: ({ draft, recipients }) => [
    `to ${draft.audience}, ${countOf(recipients.length, 'recipient')}: ${draft.body}`,
    `it goes into the outbox and leaves from there; it tells of incident ${draft.incident}${draft.audience === 'customers' ? ', whose name customers do not see' : ''}`,
  ],

  execute: async ({ draft, recipients }, _input, context) => {
    await settleDraft(context.db, draft, { recipients: recipients.length });
    const inside = draft.audience === 'customers' ? {} : { staff: { environment: context.environment, incident: draft.incident } };
    for (const to of placesOf(draft, recipients)) {
      await enqueueNotice(context, {
        template: 'incident-update',
        params: { at: new Date(), message: piecesOf(draft.body, pieceLength), ...inside },
        to,
        about: { entity: 'incident-notice', id: String(draft.id) },
      });
    }
    return {
      summary: `sent notice ${draft.id} to ${draft.audience}, ${countOf(recipients.length, 'recipient')}`,
      old: { status: 'draft' },
      new: { status: 'sent', audience: draft.audience, recipients: recipients.length, incident: String(draft.incidentId) },
    };
  },
});
