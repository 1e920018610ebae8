import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { wholeNumber } from '../../domain/whole-number.ts';
import { defineAction } from '../../kit/define-action.ts';
import { findPolicy, setPolicy, type PolicyRow } from './queries.ts';

/** Why a policy cannot be changed; undefined if it can. */
export const whyNotEdit = ({ kind, title }: PolicyRow): string | undefined => (kind === 'kept' ? `${title} is never removed` : undefined);

const daysWords = (days: number | null): string => (days === 1 ? '1 day' : `${days ?? 0} days`);

export const editPolicy = defineAction({
  id: 'policies.edit',
  title: 'Change policy',
  past: 'changed',
  permission: 'policy.edit',
  eyes: 2,
  checker: 'approval.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'policy',
  input: z.object({
    id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Policy' }),
    days: wholeNumber(1, 3_650, 'number of days').meta({ title: 'Days to keep' }),
    enabled: z.enum(['yes', 'no']).default('yes').meta({ title: 'Part of the full cleanup' }),
    note: Note,
  }),

  gather: async ({ id, days, enabled }, { db }) => {
    const policy = await findPolicy(db, id);
    if (!policy) return notFound(`there is no policy ${id}`);
    const objection = whyNotEdit(policy);
    if (objection !== undefined) return conflict(objection);
    if (days < policy.floorDays) return conflict(`${policy.title} stays at least ${daysWords(policy.floorDays)}: nobody goes below`);
    return days === policy.days && (enabled === 'yes') === policy.enabled ? conflict(`${policy.name} is so already`) : done(policy);
  },
  target: ({ id, name, version }) => ({ id: String(id), label: name, version }),
  preview: (policy, { days, enabled }) => [
    `${policy.title}: ${policy.words}`,
    `kept ${daysWords(policy.days)} -> ${daysWords(days)}`,
    ...(policy.days !== null && days < policy.days ? ['what is older is gone with the next cleanup, and nothing brings it back'] : []),
    enabled === 'yes' ? 'part of the full cleanup' : 'left out of the full cleanup',
  ],

  execute: async (policy, { days, enabled }, { db }) => {
    await setPolicy(db, policy, { days, enabled: enabled === 'yes' });
    return {
      summary: `${policy.name} is kept ${daysWords(days)}`,
      old: { days: policy.days, enabled: policy.enabled },
      new: { days, enabled: enabled === 'yes' },
    };
  },
});
