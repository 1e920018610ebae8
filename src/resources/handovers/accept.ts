import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, forbidden, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { acceptHandover, findHandover, type HandoverRow } from './queries.ts';

/** Why it cannot be accepted, or undefined. */
export const whyNotAccept = ({ acceptedBy }: HandoverRow): string | undefined =>
  acceptedBy === null ? undefined : `${acceptedBy} accepted it already`;

export const acceptHandoverAction = defineAction({
  id: 'handovers.accept',
  title: 'Accept handover',
  past: 'accepted',
  permission: 'daily.review',
  eyes: 1,
  danger: 'plain',
  verb: 'approve',
  entity: 'handover',
  input: z.object({
    id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Handover' }),
    note: Note.default('read and accepted').meta({ kind: 'note', title: 'Note' }),
  }),

  gather: async ({ id }, { db, operator }) => {
    const handover = await findHandover(db, id);
    if (!handover) return notFound(`there is no handover ${id}`);
    const objection = whyNotAccept(handover);
    if (objection !== undefined) return conflict(objection);
    return handover.writerId === operator.id
      ? forbidden('whoever writes a handover does not accept it', 'somebody of the next shift does')
      : done(handover);
  },
  target: handover => ({ id: String(handover.id), label: `#${handover.id}`, version: handover.version }),
  preview: handover => [
    `what ${handover.writtenBy} handed over on ${formatInstant(handover.writtenAt)} is yours from now on`,
    handover.text,
  ],

  execute: async (handover, { note }, { db }) => {
    await acceptHandover(db, handover, note);
    return {
      summary: `accepted handover #${handover.id} of ${handover.writtenBy}`,
      old: { accepted: false },
      new: { accepted: true, note },
    };
  },
});
