import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { scopeWords } from '../../domain/network.ts';
import { Note } from '../../domain/note.ts';
import { conflict, done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { findIpRule, removeIpRule, type IpRuleRow } from './queries.ts';

/** Why a rule cannot be removed, or undefined. */
export const whyNotRemove = (rule: IpRuleRow): string | undefined =>
  rule.state === 'active' ? undefined : `rule ${rule.id} is ${rule.state} already`;

export const removeAddressRule = defineAction({
  id: 'ip-rules.remove',
  title: 'Remove rule',
  past: 'removed',
  permission: 'ip-rule.block',
  eyes: 1,
  // To take an entry off the allowlist can open the door, or shut it for others
  eyesFor: (rule: IpRuleRow) => (rule.kind === 'allow' ? 2 : 1),
  checker: 'access.decide',
  danger: 'plain',
  verb: 'update',
  entity: 'ip-rule',
  input: z.object({ id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Rule' }), note: Note }),

  gather: async ({ id }, { db }) => {
    const rule = await findIpRule(db, id);
    if (!rule) return notFound(`there is no rule ${id}`);
    const objection = whyNotRemove(rule);
    return objection === undefined ? done(rule) : conflict(objection);
  },
  target: rule => ({ id: String(rule.id), label: rule.network, version: 0 }),
  preview: rule => [
    rule.kind === 'block'
      ? `${rule.network} is let in again by ${scopeWords[rule.scope]}`
      : `${rule.network} is no longer on the allowlist of ${scopeWords[rule.scope]}`,
    rule.kind === 'block'
      ? `it refused ${rule.hits} sign-ins and would have ended ${formatInstant(rule.expiresAt)}`
      : 'who comes from it is kept out while other entries stand; without any, everybody is let in',
  ],

  execute: async (rule, _input, { db }) => {
    await removeIpRule(db, rule.id);
    return {
      summary: `removed the rule for ${rule.network}`,
      old: { kind: rule.kind, network: rule.network, scope: rule.scope, hits: String(rule.hits) },
      new: { state: 'removed' },
    };
  },
});
