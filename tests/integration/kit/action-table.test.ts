import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permissions } from '../../../src/domain/permission.ts';
import { fieldsOf } from '../../../src/kit/form-fields.ts';
import { actions } from '../../../src/resources/registry.ts';
import { aBank, type Bank } from '../../support/acting.ts';
import { subjectsOfTwo } from '../../support/every-action.ts';
import { roles } from '../../support/people.ts';
import { report } from '../../support/reliability.ts';

type Row = {
  readonly action: string;
  readonly permission: string;
  readonly eyes: number;
  readonly checker: string | null;
  readonly needs_code: boolean;
  readonly needs_window: boolean;
  readonly break_glass: boolean;
};

/** Rows of the database that no form offers, and where they are used instead. */
const withoutForm: Readonly<Record<string, string>> = {
  'approvals.request': 'what the kit makes of an action that takes two people',
  'approvals.fail': 'how the kit ends a request that cannot be carried out',
  'operators.enrol': 'the command enrol, before there is a session',
  'operators.change-password': 'the command password, for oneself',
  'windows.open': 'the key W and --reason',
  'detection.run': 'bursar detect run, and every console beside its screen',
  'health.alarm': 'whatever console or daemon measures the database tells what it found',
  'schedule.queue-run': 'whatever console or daemon queues a planned run when it is due',
  'restores.offline': 'bursar maintain restore-offline, on the host of a database that nobody can read',
  'runs.finish': 'whatever console executes a run writes down how it ended',
};

/** The only ones that one person may do alone in an incident: never what changes roles, operators or what is recorded. */
const breakable = ['accounts.close', 'accounts.unfreeze', 'runbooks.restore', 'runbooks.restore-back', 'transactions.reverse'];

let bank: Bank;
let rows: readonly Row[];
let held: readonly { readonly role: string; readonly permission: string }[];

beforeAll(async () => {
  bank = await aBank();
  rows = await bank.rows<Row>(
    'SELECT action, permission, eyes, checker, needs_code, needs_window, break_glass FROM ops.action_permission ORDER BY action',
  );
  held = await bank.rows<{ role: string; permission: string }>('SELECT role, permission FROM ops.role_permission');
});
afterAll(async () => {
  report('the table of actions', {
    'actions of the console': actions.length,
    'rows of the database': rows.length,
    'take two people always': rows.filter(({ eyes }) => eyes === 2).length,
    'take two by what is changed': rows.filter(({ eyes, checker }) => eyes === 1 && checker !== null).length,
    'ask for a code': rows.filter(({ needs_code: code }) => code).length,
    'may be done alone in an incident': rows.filter(({ break_glass: glass }) => glass).length,
  });
  await bank[Symbol.asyncDispose]();
});

const rowOf = (action: string): Row | undefined => rows.find(row => row.action === action);
const holders = (permission: string): readonly string[] => held.filter(row => row.permission === permission).map(({ role }) => role);

describe('every action is classified, on both sides alike', () => {
  test.each(actions.map(action => [action.id, action] as const))('%s', (id, action) => {
    expect(rowOf(id)).toMatchObject({
      permission: action.permission, eyes: action.eyes, checker: action.checker ?? null, needs_code: action.code === true && action.permission !== 'self',
    }); // prettier-ignore
  });

  test('and what the database lets somebody do has a form, or a reason to have none', () => {
    const known = new Set([...actions.map(({ id }) => id), ...Object.keys(withoutForm)]);
    expect(rows.map(({ action }) => action).filter(action => !known.has(action))).toEqual([]);
    expect(Object.keys(withoutForm).filter(action => !rowOf(action))).toEqual([]);
  });

  test('no id stands twice', () => {
    const ids = actions.map(({ id }) => id);
    expect(ids.toSorted()).toEqual([...new Set(ids)].toSorted());
  });
});

describe('what takes two people', () => {
  const ofTwo = actions.filter(action => action.eyes === 2 || action.eyesFor !== undefined);

  test.each(ofTwo.map(action => [action.id, action] as const))(
    '%s stores no secret while it waits, and somebody else can decide it',
    (_, action) => {
      expect(fieldsOf(action.input).filter(({ kind }) => kind === 'secret')).toEqual([]);
      const checkers = holders(action.checker ?? '');
      expect(checkers.length).toBeGreaterThan(0);
      // one role alone could keep everybody waiting, or would have to ask itself
      expect(new Set([...checkers, ...holders(action.permission)]).size).toBeGreaterThan(1);
    },
  );

  test('whatever takes two by what is changed is tried as such', () => {
    const byFacts = actions.filter(action => action.eyes === 1 && action.eyesFor !== undefined).map(({ id }) => id);
    expect(Object.keys(subjectsOfTwo).toSorted()).toEqual(byFacts.toSorted());
  });

  test('may be done alone in an incident only where the list says so', () => {
    expect(rows.filter(({ break_glass: glass }) => glass).map(({ action }) => action)).toEqual(breakable);
    for (const action of breakable) expect(rowOf(action)?.eyes).toBe(2);
  });
});

describe('roles and permissions', () => {
  test('the roles are those of the database', async () => {
    const names = await bank.rows<{ name: string }>('SELECT name FROM ops.role ORDER BY name');
    expect(names.map(({ name }) => name)).toEqual(roles.toSorted());
  });

  test('every permission that a row or a role names is one, and nobody holds one that is for everybody', () => {
    const named = new Set([
      ...rows.flatMap(({ permission, checker }) => [permission, ...(checker === null ? [] : [checker])]),
      ...held.map(({ permission }) => permission),
    ]);
    named.delete('self');
    expect([...named].filter(permission => !(permissions as readonly string[]).includes(permission))).toEqual([]);
    expect(permissions.filter(permission => holders(permission).length === 0)).toEqual([]);
    expect(holders('self')).toEqual([]);
  });

  test('writing without a window is for what opens one, for one’s own credentials, and for what a machine finds', () => {
    expect(rows.filter(({ needs_window: needed }) => !needed).map(({ action }) => action)).toEqual([
      'detection.run',
      'health.alarm',
      'operators.change-password',
      'operators.enrol',
      'runs.finish',
      'schedule.queue-run',
      'windows.open',
    ]);
  });
});
