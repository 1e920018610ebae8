import { z } from 'zod';
import { aboutBlock, behindTable, blockTakenBack } from '../../domain/ip-rule.ts';
import { IpScope, Network, RuleHours } from '../../domain/network.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { blockFacts, blockNetwork } from './queries.ts';

export const blockAddress = defineAction({
  id: 'ip-rules.block',
  title: 'Block an address',
  past: 'blocked',
  permission: 'ip-rule.block',
  eyes: 1,
  danger: 'plain',
  verb: 'create',
  entity: 'ip-rule',
  input: z.object({
    network: Network,
    scope: IpScope.default('platform'),
    hours: RuleHours.default(24).meta({ title: 'For how many hours' }),
    note: Note,
  }),

  gather: async ({ network, scope }, { db }) => done(await blockFacts(db, network, scope)),
  target: ({ network }) => ({ id: network, label: network, version: 0 }),
  preview: (facts, { scope, hours }) => aboutBlock(facts, scope, hours),
  evidence: facts => behindTable(facts),

  execute: ({ network }, terms, { db }) => blockNetwork(db, network, terms),

  waysBack: (_facts, { note }, { target }) => blockTakenBack(target, note),
});
