import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { settleDraft } from './queries.ts';
import { DraftId, draftFor, draftTarget } from './target.ts';

export const editDraft = defineAction({
  id: 'incident-notices.edit',
  title: 'Edit the draft',
  past: 'edited',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'incident-notice',
  input: z.object({
    id: DraftId,
    text: z.string().trim().min(10, 'takes at least 10 characters').max(1_200, 'takes at most 1,200 characters').meta({ title: 'Text' }),
    note: Note,
  }),

  gather: async ({ id, text }, context) => {
    const draft = await draftFor(id, context);
    if (!draft.ok) return draft;
    return draft.value.body === text ? conflict('it says that already') : done(draft.value);
  },
  target: draftTarget,
  preview: (draft, { text }) => [`to ${draft.audience}, so far: ${draft.body}`, `from now on: ${text}`, 'nothing is sent by this'],

  execute: async (draft, { text }, { db }) => {
    await settleDraft(db, draft, { body: text });
    return { summary: `edited draft ${draft.id} for ${draft.audience}`, old: { text: draft.body }, new: { text } };
  },
  waysBack: (draft, { note }) => [
    { action: 'incident-notices.edit', input: { id: String(draft.id), text: draft.body, note: `undone: ${note}`.slice(0, 2_000) } },
  ],
});

export const discardDraft = defineAction({
  id: 'incident-notices.discard',
  title: 'Throw draft away',
  past: 'discarded',
  permission: 'incident.manage',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'incident-notice',
  input: z.object({ id: DraftId, note: Note }),

  gather: ({ id }, context) => draftFor(id, context),
  target: draftTarget,
  preview: draft => [`the draft for ${draft.audience} is not sent: ${draft.body}`, 'another one can be drafted from the incident'],

  execute: async (draft, _input, { db }) => {
    await settleDraft(db, draft, {});
    return { summary: `threw draft ${draft.id} for ${draft.audience} away`, old: { status: 'draft' }, new: { status: 'discarded' } };
  },
});
