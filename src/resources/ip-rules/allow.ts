import { z } from 'zod';
import { behindTable, behindWords, ruleWords } from '../../domain/ip-rule.ts';
import { IpScope, Network, RuleHours, scopeWords } from '../../domain/network.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { addIpRule, allowFacts } from './queries.ts';

export const allowAddress = defineAction({
  id: 'ip-rules.allow',
  title: 'Put on the allowlist',
  past: 'allowed',
  permission: 'ip-rule.allow',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'plain',
  verb: 'create',
  entity: 'ip-rule',
  input: z.object({
    network: Network,
    scope: IpScope.default('admin'),
    hours: RuleHours.optional().meta({ title: 'For how many hours, or for ever' }),
    note: Note,
  }),

  gather: async ({ network, scope }, { db }) => done(await allowFacts(db, network, scope)),
  target: ({ network }) => ({ id: network, label: network, version: 0 }),
  preview: ({ network, behind, others, outside }, { scope, hours }) => [
    `${network} is on the allowlist of ${scopeWords[scope]} ${hours === undefined ? 'until it is removed' : `for ${hours} hours`}`,
    others === 0
      ? 'it is the first entry: from now on only who comes from it gets in; who sits at the machine itself always does'
      : `with it the list has ${others + 1} entries; who comes from none of them is kept out`,
    ...(hours === undefined ? [] : ['when its last entry expires the list is gone, and everybody is let in']),
    behindWords(behind),
    ...(scope === 'platform' ? [] : [`${outside} open ${outside === 1 ? 'session' : 'sessions'} of operators will be outside of it`]),
    'whoever makes or decides this and would be outside is refused',
  ],
  evidence: facts => behindTable(facts),

  execute: async ({ network }, { scope, hours, note }, { db }) => {
    const made = await addIpRule(db, { kind: 'allow', network, scope, reason: note, hours });
    return {
      summary: `put ${ruleWords(made)} on the allowlist`,
      target: { id: String(made.id), label: network, version: 0 },
      new: { kind: 'allow', network, scope, expires: made.expiresAt?.toISOString() ?? null },
    };
  },

  waysBack: (_facts, { note }, { target }) =>
    target ? [{ action: 'ip-rules.remove', input: { id: target.id, note: `undone: ${note}`.slice(0, 2_000) } }] : [],
});
