import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Acting, Receipt, Typed } from '../../src/kit/request.ts';
import { singleOf } from '../../src/kit/single.ts';
import { actions } from '../../src/resources/registry.ts';
import type { ActingBank } from './acting-session.ts';

export const note = 'looked at it a second time';

/** Carries an action out through the kit, as screen and command do. */
export const through = (acting: Acting, id: string, typed: Typed, request: string = randomUUID()): Promise<Outcome<Receipt>> => {
  const action = actions.find(candidate => candidate.id === id);
  if (!action) throw new Error(`there is no action ${id}`);
  return singleOf(acting, actions).run(action, typed, { request });
};

export const approve = (acting: Acting, id: string, request?: string): Promise<Outcome<Receipt>> =>
  through(acting, 'approvals.approve', { id, note }, request);

/** How a request stands. */
export const requestRow = async ({ bank }: Pick<ActingBank, 'bank'>, number: string) => {
  const [row] = await bank.rows<{
    status: string;
    decided_by: string | null;
    executed_at: Date | null;
    error: string | null;
    entity_id: string;
    break_glass: boolean;
    verdict: string | null;
  }>('SELECT status, decided_by, executed_at, error, entity_id, break_glass, verdict FROM ops.approval WHERE number = $1', [number]);
  if (!row) throw new Error(`there is no request ${number}`);
  return row;
};

/** State and version of an account. */
export const accountRow = async ({ bank }: Pick<ActingBank, 'bank'>, id: string) =>
  (await bank.rows<{ status: string; version: number }>('SELECT status::text, version FROM bank.account WHERE id = $1', [id]))[0];

/** How often the log says that an action was done to a record. */
export const successes = async ({ bank }: Pick<ActingBank, 'bank'>, action: string, id: string): Promise<number> =>
  (await bank.rows(`SELECT FROM ops.audit WHERE action = $1 AND entity_id = $2 AND outcome = 'success'`, [action, id])).length;
