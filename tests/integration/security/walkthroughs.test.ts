import type { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { act, aBank, refusal, type Bank, type TestOperator } from '../../support/acting.ts';

let bank: Bank;
let hands: readonly (readonly [Client, TestOperator])[];
beforeAll(async () => {
  bank = await aBank();
  hands = [
    [await bank.connect(), bank.one],
    [await bank.connect(), bank.two],
  ];
});
afterAll(async () => {
  for (const [client] of hands) await client.end();
  await bank[Symbol.asyncDispose]();
});

/** Both do the same at once; gives how each came out. */
const both = async (action: string, sql: string, values: readonly unknown[]): Promise<readonly string[]> => {
  const outcomes = await Promise.all(
    hands.map(([client, operator]) => refusal(client, () => act(client, operator, action, db => db.query(sql, [...values])))),
  );
  return outcomes.map(({ code }) => code).toSorted();
};

test('of two who begin, settle or close the same at once one does it and the other is told; whatever is closed stays as it was', async () => {
  for (let turn = 0; turn < 5; turn++) {
    expect(await both('flows.begin', `SELECT ops.begin_flow('unauthorised-access', 'user', $1, NULL)`, [bank.customer])).toEqual([
      'BU007',
      'done',
    ]);
    const [flow] = await bank.rows<{ id: string }>('SELECT id FROM ops.flow WHERE closed_at IS NULL');
    const id = flow?.id;
    expect(await both('flow-steps.settle', `SELECT ops.note_flow_step($1, 'money', 'nothing was posted')`, [id])).toEqual([
      'BU005',
      'done',
    ]);
    expect(await both('flows.close', `SELECT ops.close_flow($1, 'it was the customer')`, [id])).toEqual(['BU005', 'done']);
    const late = await refusal(bank.db, () =>
      act(bank.db, bank.one, 'flow-steps.settle', db => db.query(`SELECT ops.note_flow_step($1, 'user', 'looked too late')`, [id])),
    );
    expect(late).toMatchObject({ code: 'BU007', message: 'this walkthrough is closed' });
  }
  expect(await bank.rows('SELECT FROM ops.flow WHERE closed_at IS NOT NULL')).toHaveLength(5);
  for (const sql of [
    `UPDATE ops.flow SET findings = 'something else' WHERE id = (SELECT min(id) FROM ops.flow)`,
    `UPDATE ops.flow SET subject = 'somebody else' WHERE id = (SELECT min(id) FROM ops.flow)`,
    `DELETE FROM ops.flow`,
    `UPDATE ops.flow_note SET note = 'something else'`,
    `DELETE FROM ops.flow_note`,
    `TRUNCATE ops.flow_note`,
  ])
    expect((await refusal(bank.db, () => bank.rows(sql))).code).toMatch(/^BU0(04|10)$/);
});

test('whom a walkthrough is about is taken from the database, not from who begins it', async () => {
  const begin = (kind: string, id: string) =>
    refusal(bank.db, () =>
      act(bank.db, bank.one, 'flows.begin', db => db.query(`SELECT ops.begin_flow('developer-misuse', $1, $2, NULL)`, [kind, id])),
    );
  expect(await begin('user', '4711471')).toMatchObject({ code: 'BU011' });
  expect(await begin('operator', bank.two.id)).toMatchObject({ code: 'done' });
  expect(await bank.rows(`SELECT subject, begun_by FROM ops.flow WHERE flow = 'developer-misuse'`)).toEqual([
    { subject: 'two', begun_by: bank.one.id },
  ]);
});
