import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { notedEntities } from '../../../src/domain/note.ts';
import { notes } from '../../../src/resources/notes/index.ts';
import { resources } from '../../../src/resources/registry.ts';
import { asRole } from '../../../src/database/role-url.ts';
import { aGuideBank, goTo, type GuideBank } from '../../support/guide-bank.ts';
import { harmIn } from '../../support/harmless.ts';
import { query } from '../../support/query.ts';
import { signedIn } from '../../support/session.ts';

let bank: GuideBank;
beforeAll(async () => {
  bank = await aGuideBank();
});
afterAll(() => bank[Symbol.asyncDispose]());

const hostile = 'called\u0007 by \u001b[31mher\u202E lawyer =cmd|x';
const stored = (entity: string, id: string) =>
  bank.rows(
    `SELECT n.text, o.name AS by FROM ops.note n JOIN ops.operator o ON o.id = n.written_by WHERE n.entity = $1 AND n.entity_id = $2 ORDER BY n.id`,
    [entity, id],
  );

test('m notes on the record under the cursor, in a list and in a detail, whatever the pane', async () => {
  const [account, user, transaction] = await Promise.all([
    bank.value(`SELECT id FROM bank.account WHERE status = 'active' ORDER BY id LIMIT 1`),
    bank.value(`SELECT id FROM bank."user" ORDER BY id LIMIT 1`),
    bank.value('SELECT max(id) FROM bank.transaction'),
  ]);
  await using console = await bank.screen('accounts');
  for (const [line, entity, id] of [
    [`accounts id=${account}`, 'account', account],
    [`users id=${user}`, 'user', user],
    [`tx id=${transaction}`, 'transaction', transaction],
  ] as const) {
    await goTo(console, line);
    if (entity === 'user') await console.press('enter');
    await console.press('m');
    await console.fill({ text: `seen on ${entity}: ask again on Monday` });
    await console.sees(`the note stands on ${entity} ${id}`);
    await console.confirm();
    await console.sees(`[ok] noted on ${entity} ${id}`, 'Notes', `demo: seen on ${entity}`);
    expect(await stored(entity, id)).toEqual([{ text: `seen on ${entity}: ask again on Monday`, by: 'demo' }]);
  }
  expect(
    await bank.rows(`SELECT action, entity, entity_label, new FROM ops.audit WHERE action = 'notes.add' ORDER BY seq LIMIT 1`),
  ).toEqual([
    {
      action: 'notes.add',
      entity: 'note',
      entity_label: `account ${account}`,
      new: expect.objectContaining({ entity: 'account', record: account }) as object,
    },
  ]);

  await goTo(console, 'notes');
  await console.sees('seen on transaction', `account ${account}`, `user ${user}`);
  await console.press('g', 'enter');
  await console.sees(`Transactions > id=${transaction}`);
  await goTo(console, 'overview');
  await console.press('m');
  await console.sees('nothing is noted on records of Overview');
});

test('a command notes on one record or several, and what was noted is shown harmlessly', async () => {
  const [one, other] = (await bank.rows(`SELECT id, number FROM bank.account WHERE status = 'frozen' ORDER BY id LIMIT 2`)).map(row => ({
    id: String(row['id']),
    number: String(row['number']),
  }));
  expect(await bank.bursar('accounts', 'note', one?.number ?? '', '--text', hostile, '--yes')).toContain(`noted on account ${one?.id}`);
  await bank.bursar('accounts', 'note', one?.number ?? '', other?.number ?? '', '--text', 'both wait for the court', '--yes');
  expect((await stored('account', one?.id ?? '')).map(({ text }) => text)).toEqual([hostile, 'both wait for the court']);
  expect((await stored('account', other?.id ?? '')).map(({ text }) => text)).toEqual(['both wait for the court']);

  const [shown, listed] = [
    await bank.bursar('accounts', 'show', one?.number ?? ''),
    await bank.bursar('notes', 'list', `record=${one?.id}`, 'entity=account'),
  ];
  expect(shown).toMatch(/Notes[\s\S]*both wait for the court[\s\S]*called/);
  for (const text of [shown, listed]) expect(harmIn(text)).toBeUndefined();
  expect(await bank.tries('accounts', 'note', one?.number ?? '', '--text', 'short', '--yes')).toMatchObject({ code: 2 });
  expect(await bank.tries('overview', 'note', '1', '--text', 'nothing to see here', '--yes')).toMatchObject({ code: 2 });
  expect(await bank.tries('notes', 'add', '1', '--text', 'nothing to see here', '--yes')).toMatchObject({ code: 2 });
});

test('notes stay, and are written and read by those who may read the record', async () => {
  for (const sql of [`UPDATE ops.note SET text = 'it was never said'`, 'DELETE FROM ops.note', 'TRUNCATE ops.note'])
    await expect(bank.rows(sql)).rejects.toThrow('kept as it was written');
  await expect(
    bank.rows(`INSERT INTO ops.note (entity, entity_id, text, written_by) VALUES ('account', '1', 'in the name of another', 1)`),
  ).rejects.toThrow('nobody is acting');
  await expect(query(asRole(bank.url, 'bursar_operator'), `SELECT ops.add_note('account', '1', 'without a session')`)).rejects.toThrow(
    'nobody is acting',
  );

  const number = await bank.value(`SELECT number FROM bank.account WHERE status = 'frozen' ORDER BY id LIMIT 1`);
  const viewer = await bank.tries('--as', 'viewer', 'accounts', 'note', number, '--text', 'a viewer looks on only', '--yes');
  expect(viewer).toMatchObject({ code: 3, stderr: expect.stringContaining('note.write') as string });
  await bank.bursar('settings', 'note', 'security.lockout-attempts', '--text', 'asked the auditors about this', '--yes');
  expect(await bank.bursar('--as', 'viewer', 'notes', 'list', 'entity=setting')).toContain(
    'not shown: it takes the permission setting.read',
  );
  expect(await bank.bursar('--as', 'viewer', 'accounts', 'show', number)).toContain('both wait for the court');
  expect(
    (await bank.tries('--as', 'support', 'settings', 'note', 'security.lockout-attempts', '--text', 'not mine to see at all', '--yes'))
      .code,
  ).toBe(3);
});

test('many notes at once are all kept, and a request that is sent many times notes once', async () => {
  await using signed = await signedIn(bank.url);
  const id = await bank.value(`SELECT max(id) FROM bank.account`);
  const add = (text: string, request?: string) => signed.run('notes.add', { entity: 'account', id, text }, request);
  const all = await Promise.all(Array.from({ length: 12 }, (_, index) => add(`the witness number ${index} says so`)));
  expect(all.every(({ ok }) => ok)).toBe(true);
  const request = randomUUID();
  const same = await Promise.all(Array.from({ length: 12 }, () => add('said once and heard many times', request)));
  expect(same.every(({ ok }) => ok)).toBe(true);
  const kept = (await stored('account', id)).map(({ text }) => String(text));
  expect(kept.filter(text => text.startsWith('the witness'))).toHaveLength(12);
  expect(kept.filter(text => text.startsWith('said once'))).toHaveLength(1);
  console.info(`notes at once: ${all.length} of ${all.length} kept; one request sent ${same.length} times: 1 note`);
});

test('the database knows of every kind that the console notes on where its records are, and who reads them', async () => {
  const kinds = await bank.rows('SELECT entity, relation, id_column, permission FROM ops.notable ORDER BY entity');
  expect(kinds.map(({ entity }) => entity)).toEqual([...notedEntities].toSorted());
  const panes = new Map(resources.map(resource => [resource.entity, resource]));
  for (const { entity, relation, id_column: column, permission } of kinds) {
    const [found] = await bank.rows(`SELECT t.${String(column)}::bigint AS id FROM ${String(relation)} t LIMIT 1`);
    const pane = panes.get(String(entity));
    expect(`${String(entity)} ${pane?.permission ?? String(permission)}`).toBe(`${String(entity)} ${String(permission)}`);
    expect(found === undefined || typeof found['id'] === 'string').toBe(true);
  }
  // Enter on a note leads to its record
  for (const pane of resources.filter(({ entity }) => notedEntities.includes(entity))) {
    const note = { entity: pane.entity, entityId: '7', text: '', by: '', at: new Date(), needs: 'note.read', id: 1n, sortKey: '' } as const;
    const jump = notes.open?.(note);
    if (pane.entity === 'grant') continue; // the list of grants is found by role and holder
    expect(jump?.resource).toBe(pane.id);
    expect(Object.keys(pane.page.fields)).toContain(jump?.filter.split('=')[0]);
  }
  const without = resources.filter(({ entity }) => !notedEntities.includes(entity)).map(({ id }) => id);
  console.info(`panes without notes: ${without.join(', ')}`);
});
