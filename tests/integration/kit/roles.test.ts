import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadOperator } from '../../../src/database/sign-in.ts';
import { permissions } from '../../../src/domain/permission.ts';
import type { AnyAction } from '../../../src/kit/define-action.ts';
import type { Acting, Typed } from '../../../src/kit/request.ts';
import { runAction } from '../../../src/kit/run-action.ts';
import { openSession } from '../../../src/kit/session.ts';
import { actions, resources } from '../../../src/resources/registry.ts';
import { openOperatorSession, type TestOperator } from '../../support/acting.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { changed, subjects, tables } from '../../support/every-action.ts';
import { report } from '../../support/reliability.ts';

const roles = ['admin', 'developer', 'manager', 'sysop', 'operations', 'analyst', 'support', 'auditor', 'viewer'] as const;

let world: ActingBank;
const people = new Map<string, { readonly operator: TestOperator; readonly acting: Acting }>();
/** What the database's own table says: `role action`. */
let allowed: ReadonlySet<string>;
/** A record that nobody gets to change, by action. */
const untouched = new Map<string, Typed>();
const figures = { allowed: 0, refused: 0, 'refused by the database alone': 0, 'refusals without audit row': 0 };

beforeAll(async () => {
  world = await anActingBank({ others: Object.fromEntries(roles.map(role => [`one-${role}`, [role]])) });
  const { bank, acting } = world;
  for (const role of roles) {
    const name = `one-${role}`;
    const operator = await loadOperator(world.database.reads, name);
    const token = await openOperatorSession(bank.db, String(operator.id));
    people.set(role, { operator: { id: String(operator.id), name, token }, acting: { ...acting, operator, token } });
  }
  const rows = await bank.rows<{ held: string }>(
    `SELECT r.role || ' ' || a.action AS held FROM ops.role_permission r JOIN ops.action_permission a USING (permission)`,
  );
  for (const { id } of actions) untouched.set(id, (await subjects[id]?.(bank, bank.one)) ?? {});
  allowed = new Set(rows.map(({ held }) => held));
});
afterAll(async () => {
  report(`${roles.length} roles × ${actions.length} actions`, figures);
  await world[Symbol.asyncDispose]();
});

test('the roles are those of the database, and each action stands in its table with the permission that the kit asks for', async () => {
  const { bank } = world;
  expect((await bank.rows<{ name: string }>('SELECT name FROM ops.role ORDER BY name')).map(({ name }) => name)).toEqual(roles.toSorted());
  const rows = await bank.rows<{ action: string; permission: string }>('SELECT action, permission FROM ops.action_permission');
  const table = new Map(rows.map(({ action, permission }) => [action, permission]));
  for (const { id, permission } of actions) expect(`${id} ${table.get(id)}`).toBe(`${id} ${permission}`);
});

/** How an attempt is told in the log. */
const recorded = async (request: string) =>
  (await world.bank.rows<{ told: string }>(`SELECT operator || ' ' || action || ' ' || outcome AS told FROM ops.audit WHERE request_id = $1`, [request])).map(
    ({ told }) => told,
  ); // prettier-ignore

const personWith = (role: string) => {
  const person = people.get(role);
  if (!person) throw new Error(`nobody has the role ${role}`);
  return person;
};

/** Tries it, and expects it to be refused and to be on record as such. */
const expectRefusal = async (action: AnyAction, typed: Typed, acting: Acting): Promise<void> => {
  const request = randomUUID();
  expect(await runAction(action, typed, acting, { request })).toMatchObject({ ok: false, refusal: { kind: 'forbidden' } });
  const told = (await recorded(request)).join();
  if (told !== `${acting.operator.name} ${action.id} refused`) figures['refusals without audit row'] += 1;
  expect(told).toBe(`${acting.operator.name} ${action.id} refused`);
};

describe.each(roles)('%s', role => {
  test('is allowed what the table allows, and it is on record', async () => {
    const { operator, acting } = personWith(role);
    for (const action of actions.filter(({ id }) => allowed.has(`${role} ${id}`))) {
      const typed = (await subjects[action.id]?.(world.bank, operator)) ?? {};
      const request = randomUUID();
      expect(await runAction(action, typed, acting, { request })).toMatchObject({ ok: true });
      expect(await recorded(request)).toEqual([`${operator.name} ${action.id} success`]);
      figures.allowed += 1;
    }
  });

  test('is refused everything else, also by the database alone, and it is on record', async () => {
    const { bank } = world;
    const { acting } = personWith(role);
    const deceived = { ...acting, operator: { ...acting.operator, permissions: new Set<string>(permissions) } };
    const before = await tables(bank);
    for (const action of actions.filter(({ id }) => !allowed.has(`${role} ${id}`))) {
      const typed = untouched.get(action.id) ?? {};
      await expectRefusal(action, typed, acting);
      figures.refused += 1;
      // A client that believes it may
      await expectRefusal(action, typed, deceived);
      figures['refused by the database alone'] += 1;
    }
    expect(changed(before, await tables(bank))).toEqual(['ops.audit', 'ops.audit_head']);
  });

  test.each(resources.map(resource => [resource.id, resource] as const))('reads %s only with its permission', async (_, resource) => {
    const { operator, token } = personWith(role).acting;
    const environment = { name: 'test', production: false, demo: false, timeZone: 'Europe/Berlin', currency: 'EUR' };
    const session = openSession({ database: world.database, operator, token, environment, registry: { resources, actions } });
    const [held] = await world.bank.rows('SELECT FROM ops.role_permission WHERE role = $1 AND permission = $2', [
      role,
      resource.permission,
    ]);
    const request = { terms: [], sort: resource.page.defaultSort, limit: 1 };
    const reads = [
      async () => session.list(resource, request),
      async () => session.count(resource, []),
      async () => session.newer(resource, request),
      async () => session.matching(resource, [], ['1']),
      async () => session.find(resource, 1n),
    ];
    for (const read of reads) {
      const answer = await read().then(
        () => 'read',
        (error: Error) => error.message,
      );
      expect(answer).toBe(held ? 'read' : `${resource.title} needs the permission ${resource.permission}`);
    }
  });
});
