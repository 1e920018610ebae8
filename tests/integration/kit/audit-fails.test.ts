import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyAction } from '../../../src/kit/define-action.ts';
import type { Acting, Typed } from '../../../src/kit/request.ts';
import { singleOf } from '../../../src/kit/single.ts';
import { actions } from '../../../src/resources/registry.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { changed, subjects, tables } from '../../support/every-action.ts';
import { full, report } from '../../support/reliability.ts';

/** How an audit row can fail to come to be: each as a trigger on the log. */
const failures = {
  'is refused': `CREATE TRIGGER a_broken BEFORE INSERT ON ops.audit FOR EACH ROW EXECUTE FUNCTION public.broken('refuse')`,
  'is swallowed': `CREATE TRIGGER a_broken BEFORE INSERT ON ops.audit FOR EACH ROW EXECUTE FUNCTION public.broken('swallow')`,
  'is refused at the commit': `CREATE CONSTRAINT TRIGGER a_broken AFTER INSERT ON ops.audit DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION public.broken('refuse')`,
} as const;

let world: ActingBank;
let tried = 0;
let effects = 0;

/** Done, or asked for where it takes two: both leave an audit row, and neither happens without. */
const isDone = { ok: true };
const isAsked = { ok: false, refusal: { kind: 'waiting-for-approval' } };

/** Where every action leaves something. */
const written = ['ops.action_run', 'ops.audit', 'ops.audit_head'];

/** Whoever may: one person who may everything, and the owner of the database for what nobody else may. */
const doerOf = (action: AnyAction): Promise<Acting> | Acting =>
  world.acting.operator.permissions.has(action.permission) || action.permission === 'self' ? world.acting : world.asOwner();

beforeAll(async () => {
  world = await anActingBank();
  await world.bank.db.query(`CREATE FUNCTION public.broken() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF tg_argv[0] = 'swallow' THEN RETURN NULL; END IF;
      RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100';
    END $$`);
});
afterAll(async () => {
  report('audit row fails', { 'actions tried': tried, effects });
  await world[Symbol.asyncDispose]();
});

test('every action of the registry has a record to be tried on', () => {
  expect(Object.keys(subjects).toSorted()).toEqual(actions.map(({ id }) => id).toSorted());
});

/** Every action fails in every way with the full counts; else each in one of them, so that every action and every way are tried. */
const triedOn = (way: number): readonly AnyAction[] => actions.filter((_, index) => full || index % Object.keys(failures).length === way);

describe.each(Object.entries(failures).map(([how, trigger], way) => [how, trigger, way] as const))(
  'where the audit row %s',
  (_, trigger, way) => {
    test.each(triedOn(way).map(action => [action.id, action] as const))('%s has no effect', async (id, action) => {
      const { bank } = world;
      const typed: Typed = (await subjects[id]?.(world, bank.one)) ?? {};
      const acting = await doerOf(action);
      const run = () => singleOf(acting, actions).run(action, typed, { request: randomUUID() });
      const before = await tables(bank);
      await bank.db.query(trigger);
      const outcome = await run().catch((error: unknown) => error);
      await bank.db.query('DROP TRIGGER a_broken ON ops.audit');

      tried += 1;
      const touched = changed(before, await tables(bank));
      effects += touched.length;
      expect(outcome).not.toMatchObject(isDone);
      expect(outcome).not.toMatchObject(isAsked);
      expect(touched).toEqual([]);

      // Nothing but the trigger stood in its way
      expect(await run()).toMatchObject(action.eyes === 2 ? isAsked : isDone);
      expect(changed(before, await tables(bank, written))).toEqual(written);
    });
  },
);
