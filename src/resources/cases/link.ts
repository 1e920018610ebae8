import { z } from 'zod';
import { auditedEntities } from '../../domain/audit.ts';
import { whyNotAdd } from '../../domain/case-file.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { linkCase, linksOf, recordNamed } from './queries.ts';
import { caseFor, CaseId, caseInWords, caseTarget } from './target.ts';

export const linkOneCase = defineAction({
  id: 'cases.link',
  title: 'Link a record',
  past: 'linked',
  permission: 'case.work',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'case',
  input: z.object({
    id: CaseId,
    entity: z.enum(auditedEntities).default('account').meta({ title: 'Kind of record' }),
    record: z.string().trim().min(1, 'is missing').max(100, 'takes at most 100 characters').meta({ title: 'Its number, name or id' }),
    note: Note,
  }),

  gather: async ({ id, entity, record }, context) => {
    const found = await caseFor(id, context, whyNotAdd);
    if (!found.ok) return found;
    const recordId = await recordNamed(context.db, entity, record.replace(/^#/, ''));
    if (recordId === undefined) return notFound(`there is no ${entity} ${record}`);
    if (entity === 'case' && recordId === String(id)) return conflict('a case is not linked to itself');
    const links = await linksOf(context.db, id);
    return links.some(link => link.entity === entity && link.entityId === recordId)
      ? conflict(`case ${id} is linked to ${entity} ${record} already`)
      : done({ found: found.value, recordId });
  },
  // What others add to it meanwhile does not stand against it
  target: ({ found }) => ({ ...caseTarget(found), version: 0 }),
  preview: ({ found }, { entity, record }) => [caseInWords(found), `${entity} ${record} belongs to it from now on, for good`],

  execute: async ({ found, recordId }, { entity, note }, { db }) => {
    await linkCase(db, found, entity, recordId, note);
    return { summary: `linked ${entity} ${recordId} to case ${found.id}`, new: { linked: `${entity} ${recordId}` } };
  },
});
