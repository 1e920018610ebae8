import { randomUUID } from 'node:crypto';
import { runDecision } from '../../src/kit/decide-request.ts';
import { actions } from '../../src/resources/registry.ts';
import { openIncident } from './access-subjects.ts';
import type { TestOperator } from './acting.ts';
import { ask, type ActingBank } from './acting-session.ts';
import { note } from './bank-subjects.ts';
import type { Prepare } from './every-action.ts';

/** The action that the requests of this file ask for. */
export const askedFor = 'accounts.close';

/** A request about an account of its own; gives its number. */
const aRequest = async (world: ActingBank, maker: TestOperator = world.bank.maker): Promise<string> => {
  const { id } = await world.bank.account();
  return ask(world, await world.as(maker), askedFor, { id, ground: 'request', note });
};

/** The same by whoever does it, where they may ask for it. */
const ownRequest = async (world: ActingBank, doer: TestOperator): Promise<string> => {
  const { operator } = await world.as(doer);
  return aRequest(world, operator.permissions.has('account.close') ? doer : world.bank.maker);
};

/** Done by one person alone, in an incident. */
export const aBrokenGlass = async (world: ActingBank, maker: TestOperator = world.bank.maker): Promise<string> => {
  await openIncident(world.bank);
  const id = await aRequest(world, maker);
  const action = actions.find(candidate => candidate.id === 'approvals.break-glass');
  if (!action) throw new Error('there is no way to break the glass');
  const outcome = await runDecision(action, { id, note }, await world.as(maker), { request: randomUUID() }, actions);
  if (!outcome.ok) throw new Error(`the glass held: ${outcome.refusal.message}`);
  return id;
};

/** What is done to requests. */
export const requestSubjects: Readonly<Record<string, Prepare>> = {
  'approvals.approve': async world => ({ id: await aRequest(world), note }),
  'approvals.reject': async world => ({ id: await aRequest(world), note }),
  'approvals.cancel': async (world, doer) => ({ id: await ownRequest(world, doer), note }),
  'approvals.break-glass': async (world, doer) => {
    await openIncident(world.bank);
    return { id: await ownRequest(world, doer), note };
  },
  'approvals.ratify': async world => ({ id: await aBrokenGlass(world), verdict: 'ratified', note }),
};
