import { randomUUID } from 'node:crypto';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Acting, Receipt, Typed } from '../../src/kit/request.ts';
import { runAction } from '../../src/kit/run-action.ts';
import { act, refusal, type Bank, type Refused } from './acting.ts';
import { anActingBank } from './acting-session.ts';
import { actionNamed } from './session.ts';

type Step = { readonly id: string; readonly title: string; readonly phase: string; readonly minutes: number };

/** An empty bank, two operators who act on its incidents through the kit, and words for what they do. */
export type IncidentWorld = AsyncDisposable & {
  readonly bank: Bank;
  readonly two: Acting;
  readonly run: (action: string, typed: Typed, acting?: Acting) => Promise<Outcome<Receipt>>;
  /** Fails the test where it is refused; gives the id of the target. */
  readonly does: (action: string, typed: Typed, acting?: Acting) => Promise<string>;
  /** How it is refused, or `done`. */
  readonly refusedBy: (action: string, typed: Typed) => Promise<string>;
  /** The contract itself, called by somebody who may do the action. */
  readonly refusedAs: (action: string, sql: string, values: unknown[]) => Promise<Refused>;
  readonly declare: (typed?: Typed) => Promise<string>;
  /** The checklist; minutes are from the declaration. */
  readonly steps: (incident: string) => Promise<readonly Step[]>;
};

const note = 'tried by a test of incidents';
const checklist = `
  SELECT s.id, s.title, s.phase, round(extract(epoch FROM s.due_at - i.opened_at) / 60)::int AS minutes
    FROM ops.incident_step s JOIN ops.incident i ON i.id = s.incident_id WHERE s.incident_id = $1 ORDER BY s.due_at, s.id`;

export const anIncidentWorld = async (): Promise<IncidentWorld> => {
  const world = await anActingBank();
  const { bank, acting: one } = world;
  const run = (id: string, typed: Typed, acting: Acting = one) =>
    runAction(actionNamed(id), { note, ...typed }, acting, { request: randomUUID() });
  const does = async (id: string, typed: Typed, acting?: Acting): Promise<string> => {
    const outcome = await run(id, typed, acting);
    if (!outcome.ok) throw new Error(`${id}: ${outcome.refusal.kind}: ${outcome.refusal.message}`);
    return outcome.value.target.id;
  };
  return {
    bank,
    two: await world.as(bank.two),
    run,
    does,
    refusedBy: async (id, typed) => {
      const outcome = await run(id, typed);
      return outcome.ok ? 'done' : `${outcome.refusal.kind}: ${outcome.refusal.message}`;
    },
    refusedAs: (action, sql, values) => refusal(bank.db, () => act(bank.db, bank.one, action, db => db.query(sql, values))),
    declare: (typed = {}) =>
      does('incidents.declare', { level: '3', kind: 'security', title: 'Tokens of customers were stolen', ...typed }),
    steps: incident => bank.rows<Step>(checklist, [incident]),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
};
