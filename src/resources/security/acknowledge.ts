import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { whyNotAcknowledge } from '../../domain/security-event.ts';
import { defineAction } from '../../kit/define-action.ts';
import { acknowledgeEvent, findSecurityEvent } from './queries.ts';

export const acknowledgeSecurityEvent = defineAction({
  id: 'security-events.acknowledge',
  title: 'Acknowledge event',
  past: 'acknowledged',
  permission: 'security.acknowledge',
  eyes: 1,
  danger: 'plain',
  irreversible: 'that somebody saw it stays; if it goes on it asks again',
  verb: 'update',
  entity: 'security-event',
  input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Event' }), note: Note }),

  gather: async ({ id }, { db }) => {
    const event = await findSecurityEvent(db, id);
    if (!event) return notFound(`there is no security event ${id}`);
    const objection = whyNotAcknowledge(event);
    return objection === undefined ? done(event) : conflict(objection);
  },
  // What was seen is so many: one more, and it is looked at anew
  target: event => ({ id: String(event.id), label: `#${event.id} ${event.kind}`, version: event.count }),
  preview: event => [
    event.summary,
    `${event.level}, last seen ${formatInstant(event.lastAt)}`,
    'it asks for nobody any more; nothing is blocked or locked by this',
  ],

  execute: async (event, { note }, { db }) => {
    await acknowledgeEvent(db, event.id, note, event.count);
    return {
      summary: `acknowledged #${event.id}`,
      old: { status: event.status },
      new: { status: 'acknowledged', kind: event.kind, count: event.count },
    };
  },
});
