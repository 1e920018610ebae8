import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAction } from '../../../src/kit/run-action.ts';
import { actions } from '../../../src/resources/registry.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { changed, subjects, tables } from '../../support/every-action.ts';
import { report } from '../../support/reliability.ts';

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

describe.each(Object.entries(failures))('where the audit row %s', (_, trigger) => {
  test.each(actions.map(action => [action.id, action] as const))('%s has no effect', async (id, action) => {
    const { bank, acting } = world;
    const typed = (await subjects[id]?.(bank, bank.one)) ?? {};
    const before = await tables(bank);
    await bank.db.query(trigger);
    const outcome = await runAction(action, typed, acting, { request: randomUUID() }).catch((error: unknown) => error);
    await bank.db.query('DROP TRIGGER a_broken ON ops.audit');

    tried += 1;
    const touched = changed(before, await tables(bank));
    effects += touched.length;
    expect(outcome).not.toMatchObject({ ok: true });
    expect(touched).toEqual([]);

    // Nothing but the trigger stood in its way
    expect(await runAction(action, typed, acting, { request: randomUUID() })).toMatchObject({ ok: true });
    expect(changed(before, await tables(bank))).toEqual(expect.arrayContaining(['ops.action_run', 'ops.audit', 'ops.audit_head']));
  });
});
