import { z } from 'zod';
import { aboutBlock, behindTable, blockTakenBack } from '../../domain/ip-rule.ts';
import { IpScope, RuleHours } from '../../domain/network.ts';
import { Note } from '../../domain/note.ts';
import { done, notFound } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { blockFacts, blockNetwork } from '../ip-rules/queries.ts';
import { findSignIn } from './queries.ts';

export const blockAddressOf = defineAction({
  id: 'sign-ins.block',
  title: 'Block the address',
  past: 'blocked',
  permission: 'ip-rule.block',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'ip-rule',
  input: z.object({
    id: z.coerce.bigint().positive().meta({ hidden: true, title: 'Sign-in' }),
    scope: IpScope.default('platform'),
    hours: RuleHours.default(24).meta({ title: 'For how many hours' }),
    note: Note,
  }),

  gather: async ({ id, scope }, { db }) => {
    const event = await findSignIn(db, id);
    return event ? done(await blockFacts(db, event.ip, scope)) : notFound(`there is no sign-in ${id}`);
  },
  target: ({ network }) => ({ id: network, label: network, version: 0 }),
  preview: (facts, { scope, hours }) => aboutBlock(facts, scope, hours),
  evidence: facts => behindTable(facts),

  execute: ({ network }, terms, { db }) => blockNetwork(db, network, terms),

  waysBack: (_facts, { note }, { target }) => blockTakenBack(target, note),
});
