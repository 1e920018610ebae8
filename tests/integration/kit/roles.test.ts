import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permissions } from '../../../src/domain/permission.ts';
import type { AnyAction } from '../../../src/kit/define-action.ts';
import type { Acting, Typed } from '../../../src/kit/request.ts';
import { openSession } from '../../../src/kit/session.ts';
import { singleOf } from '../../../src/kit/single.ts';
import { actions, resources } from '../../../src/resources/registry.ts';
import { anActingBank, ask, type ActingBank } from '../../support/acting-session.ts';
import { changed, subjects, subjectsOfTwo, tables } from '../../support/every-action.ts';
import { onePerRole, roles, signInEach, type Person, type Role } from '../../support/people.ts';
import { full, report } from '../../support/reliability.ts';
import { askedFor } from '../../support/request-subjects.ts';

let world: ActingBank;
let personWith: (role: Role) => Person;
/** What the database's own table says: `role permission`. */
let held: ReadonlySet<string>;
let checkers: ReadonlyMap<string, string | null>;
/** A record that nobody gets to change, by action. */
const untouched = new Map<string, Typed>();
/** A request that nobody gets to decide, by action. */
const undecided = new Map<string, string>();
const tried = { done: 0, 'asked for': 0, refused: 0, 'refused by the database alone': 0 };
const checked = { approved: 0, refused: 0, 'refused by the database alone': 0 };
let unrecorded = 0;

/** What concerns oneself alone everybody may: of a request that somebody can make, or decide. */
const behind: Readonly<Record<string, string>> = {
  'approvals.approve': 'approval.decide',
  'approvals.reject': 'approval.decide',
  'approvals.cancel': 'account.close',
  'approvals.break-glass': 'account.close',
};
const needed = (action: AnyAction): string => behind[action.id] ?? action.permission;
const ofTwo = actions.filter(action => action.eyes === 2 || action.eyesFor !== undefined);
const approve = actions.find(({ id }) => id === 'approvals.approve');

const note = 'decided by a test of every role';
const run = (action: AnyAction | undefined, typed: Typed, acting: Acting, request: string) => {
  if (!action) throw new Error('there is no such action');
  return singleOf(acting, actions).run(action, typed, { request });
};

beforeAll(async () => {
  world = await anActingBank({ others: onePerRole });
  const { bank } = world;
  personWith = await signInEach(world);
  const rows = await bank.rows<{ held: string }>(`SELECT role || ' ' || permission AS held FROM ops.role_permission`);
  held = new Set(rows.map(row => row.held));
  const asked = await bank.rows<{ action: string; checker: string | null }>('SELECT action, checker FROM ops.action_permission');
  checkers = new Map(asked.map(({ action, checker }) => [action, checker]));
  for (const { id } of actions) untouched.set(id, (await subjects[id]?.(world, bank.one)) ?? {});
  const maker = await world.as(bank.maker);
  for (const { id } of ofTwo)
    undecided.set(id, await ask(world, maker, id, (await (subjectsOfTwo[id] ?? subjects[id])?.(world, bank.maker)) ?? {}));
});
afterAll(async () => {
  report(`${roles.length} roles × ${actions.length} actions`, tried);
  report(`${roles.length} roles × ${ofTwo.length} actions that take two people, as checker`, checked);
  report('denials', { 'without audit row': unrecorded });
  await world[Symbol.asyncDispose]();
});

/** How an attempt is told in the log. */
const recorded = async (request: string) =>
  (await world.bank.rows<{ told: string }>(`SELECT operator || ' ' || action || ' ' || outcome AS told FROM ops.audit WHERE request_id = $1`, [request])).map(
    ({ told }) => told,
  ); // prettier-ignore

/** Tries it, and expects it to be refused and to be on record as such. */
const expectRefusal = async (action: AnyAction | undefined, typed: Typed, acting: Acting): Promise<void> => {
  const request = randomUUID();
  expect({ action: action?.id, outcome: await run(action, typed, acting, request) }).toMatchObject({
    action: action?.id,
    outcome: { ok: false, refusal: { kind: 'forbidden' } },
  });
  const told = (await recorded(request)).join();
  if (told !== `${acting.operator.name} ${action?.id} refused`) unrecorded += 1;
  expect(told).toBe(`${acting.operator.name} ${action?.id} refused`);
};

/** The same for a client that believes it may everything. */
const deceived = (acting: Acting): Acting => ({
  ...acting,
  operator: { ...acting.operator, permissions: new Set<string>([...permissions, 'self']) },
});

type Way = 'refused' | 'refused by the database alone';
const ways: readonly Way[] = ['refused', 'refused by the database alone'];

/** With the full counts a role is refused an action in both ways; else in one of them, in turn, so that every role meets both and most actions do. */
const waysOf = (role: Role, action: AnyAction): readonly Way[] =>
  full ? ways : ways.filter((_, way) => (roles.indexOf(role) + actions.indexOf(action) + way) % 2 === 0);

/** Tries it in these ways, counts them, and expects nothing but refusals. */
const expectRefusals = async (
  { acting }: Person,
  { action, typed, by, counts }: { action: AnyAction | undefined; typed: Typed; by: readonly Way[]; counts: Record<Way, number> },
): Promise<void> => {
  for (const way of by) {
    await expectRefusal(action, typed, way === 'refused' ? acting : deceived(acting));
    counts[way] += 1;
  }
};

const may = (role: Role, permission: string): boolean => held.has(`${role} ${permission}`);

/** Only what a refusal leaves behind. */
const traces = ['ops.audit', 'ops.audit_head'];

describe.each(roles)('%s', role => {
  test('does what the table allows, or asks for it where it takes two, and it is on record', async () => {
    const { operator, acting } = personWith(role);
    for (const action of actions.filter(candidate => may(role, needed(candidate)))) {
      const typed = (await subjects[action.id]?.(world, operator)) ?? {};
      const request = randomUUID();
      const outcome = await run(action, typed, acting, request);
      const asks = action.eyes === 2;
      expect({ action: action.id, outcome }).toMatchObject({
        action: action.id,
        outcome: asks ? { ok: false, refusal: { kind: 'waiting-for-approval' } } : { ok: true },
      });
      const named = asks ? 'approvals.request' : action.carriesOut ? askedFor : action.id;
      expect(await recorded(request)).toEqual([`${operator.name} ${named} success`]);
      tried[asks ? 'asked for' : 'done'] += 1;
    }
  });

  test('asks for what takes two by what is changed', async () => {
    const { operator, acting } = personWith(role);
    for (const action of ofTwo.filter(candidate => candidate.eyes === 1 && may(role, candidate.permission))) {
      const typed = (await subjectsOfTwo[action.id]?.(world, operator)) ?? {};
      const request = randomUUID();
      expect({ action: action.id, outcome: await run(action, typed, acting, request) }).toMatchObject({
        action: action.id,
        outcome: { ok: false, refusal: { kind: 'waiting-for-approval' } },
      });
      expect(await recorded(request)).toEqual([`${operator.name} approvals.request success`]);
      tried['asked for'] += 1;
    }
  });

  test('is refused everything else, also by the database alone, and it is on record', async () => {
    const person = personWith(role);
    const before = await tables(world.bank);
    for (const action of actions.filter(candidate => !may(role, needed(candidate))))
      await expectRefusals(person, { action, typed: untouched.get(action.id) ?? {}, by: waysOf(role, action), counts: tried });
    expect(changed(before, await tables(world.bank))).toEqual(traces);
  });

  test('decides requests only with the permission of their checker', async () => {
    const person = personWith(role);
    const { operator, acting } = person;
    const before = await tables(world.bank);
    for (const action of ofTwo.filter(candidate => !may(role, checkers.get(candidate.id) ?? ''))) {
      const typed = { id: undecided.get(action.id) ?? '', note };
      await expectRefusals(person, { action: approve, typed, by: waysOf(role, action), counts: checked });
    }
    expect(changed(before, await tables(world.bank))).toEqual(
      traces.filter(() => ofTwo.some(({ id }) => !may(role, checkers.get(id) ?? ''))),
    );

    const maker = await world.as(world.bank.maker);
    for (const { id } of ofTwo.filter(candidate => may(role, checkers.get(candidate.id) ?? ''))) {
      const asked = await ask(world, maker, id, (await (subjectsOfTwo[id] ?? subjects[id])?.(world, world.bank.maker)) ?? {});
      const request = randomUUID();
      expect({ id, outcome: await run(approve, { id: asked, note }, acting, request) }).toMatchObject({ id, outcome: { ok: true } });
      expect(await recorded(request)).toEqual([`${operator.name} ${id} success`]);
      checked.approved += 1;
    }
  });

  test.each(resources.map(resource => [resource.id, resource] as const))('reads %s only with its permission', async (_, resource) => {
    const { operator, token, database } = personWith(role).acting;
    const environment = { name: 'test', production: false, demo: false, timeZone: 'Europe/Berlin', currency: 'EUR' };
    const session = openSession({ database, operator, token, environment, registry: { resources, actions } });
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
      expect(answer).toBe(may(role, resource.permission) ? 'read' : `${resource.title} needs the permission ${resource.permission}`);
    }
  });
});

test('what was refused was decided by nobody', async () => {
  const left = await world.bank.rows<{ status: string }>('SELECT DISTINCT status FROM ops.approval WHERE number = ANY ($1)', [
    [...undecided.values()],
  ]);
  expect(left).toEqual([{ status: 'pending' }]);
});
