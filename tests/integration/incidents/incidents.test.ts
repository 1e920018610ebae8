import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAction } from '../../../src/kit/run-action.ts';
import type { Acting, Typed } from '../../../src/kit/request.ts';
import { act, refusal } from '../../support/acting.ts';
import { anActingBank, type ActingBank } from '../../support/acting-session.ts';
import { full, report } from '../../support/reliability.ts';
import { actionNamed } from '../../support/session.ts';

let world: ActingBank;
let two: Acting;
const note = 'tried by a test of incidents';
const figures: Record<string, number> = {};

beforeAll(async () => {
  world = await anActingBank();
  two = await world.as(world.bank.two);
});
afterAll(async () => {
  report('incidents', figures);
  await world[Symbol.asyncDispose]();
});

const run = (id: string, typed: Typed, acting: Acting = world.acting) =>
  runAction(actionNamed(id), { note, ...typed }, acting, { request: randomUUID() });
const does = async (id: string, typed: Typed, acting?: Acting): Promise<string> => {
  const outcome = await run(id, typed, acting);
  if (!outcome.ok) throw new Error(`${id}: ${outcome.refusal.kind}: ${outcome.refusal.message}`);
  return outcome.value.target.id;
};
const refusedBy = async (id: string, typed: Typed): Promise<string> => {
  const outcome = await run(id, typed);
  return outcome.ok ? 'done' : `${outcome.refusal.kind}: ${outcome.refusal.message}`;
};
/** The contract itself, called by somebody who may do the action. */
const refusedAs = (action: string, sql: string, values: unknown[]) =>
  refusal(world.bank.db, () => act(world.bank.db, world.bank.one, action, db => db.query(sql, values)));
const declare = (typed: Typed = {}): Promise<string> =>
  does('incidents.declare', { level: '3', kind: 'security', title: 'Tokens of customers were stolen', ...typed });
const steps = (id: string) =>
  world.bank.rows<{ id: string; title: string; phase: string; minutes: number; done: boolean; skipped: boolean; version: number }>(
    `SELECT s.id, s.title, s.phase, round(extract(epoch FROM s.due_at - i.opened_at) / 60)::int AS minutes, s.done_at IS NOT NULL AS done, s.skipped, s.version
       FROM ops.incident_step s JOIN ops.incident i ON i.id = s.incident_id WHERE s.incident_id = $1 ORDER BY s.due_at, s.id`,
    [id],
  );
const linked = async (id: string): Promise<readonly string[]> =>
  (
    await world.bank.rows<{ record: string }>(
      `SELECT entity || ' ' || entity_id AS record FROM ops.incident_link WHERE incident_id = $1 AND removed_at IS NULL ORDER BY 1`,
      [id],
    )
  ).map(({ record }) => record);

describe('from the declaration to the review', () => {
  test('an incident begins with the checklist of its kind and level; a higher level adds to it, and nothing leaves it', async () => {
    const first = await declare({ level: '1' });
    expect((await steps(first)).map(({ title, phase, minutes }) => [phase, minutes, title.split(':')[0]])).toEqual([
      ['first 15 minutes', 5, 'Log what was seen'],
      ['first 15 minutes', 15, 'Look at the sign-ins and sessions of who is concerned'],
      ['15 to 60 minutes', 30, 'Watch the user, account or address for more of the same'],
      ['15 to 60 minutes', 60, 'Assist the user'],
      ['after', 240, 'Decide whether it is more than that'],
    ]);
    await does('incidents.set-level', { id: first, level: '3' });
    const raised = await steps(first);
    expect(raised.length).toBeGreaterThan(15);
    await does('incidents.set-level', { id: first, level: '2' });
    const lowered = await steps(first);
    expect(lowered.length).toBeGreaterThan(raised.length);
    expect(lowered.map(({ title }) => title)).toEqual(expect.arrayContaining(raised.map(({ title }) => title)));
    expect(await refusedBy('incidents.set-level', { id: first, level: '2' })).toContain('is of level 2 already');
    figures['steps of a level 3'] = raised.length;
  });

  test('what it is about: accounts come with their users and cases; taken out again they are no more; nothing changes once it is over', async () => {
    const { bank } = world;
    const accounts = [await bank.account(), await bank.account(), await bank.account()];
    const [mine, , other] = accounts;
    const [user] = await bank.rows<{ username: string }>(
      'SELECT u.username FROM bank."user" u JOIN bank.account a ON a.user_id = u.id WHERE a.id = $1',
      [mine?.id],
    );
    const id = await declare({ records: mine?.number ?? '' });
    expect(await linked(id)).toEqual([`account ${mine?.id}`]);
    await does('incidents.link', { id, records: `user:${user?.username} ${other?.number}` });
    const all = await linked(id);
    for (const account of accounts) expect(all).toContain(`account ${account.id}`);
    await does('incidents.unlink', { id, records: other?.number ?? '' });
    expect(await linked(id)).not.toContain(`account ${other?.id}`);
    await does('accounts.link-incident', { id: other?.id ?? '', incident: id });
    expect(await linked(id)).toContain(`account ${other?.id}`);
    expect(await refusedBy('incidents.link', { id, records: 'alert:999999' })).toBe('not-found: there is no alert 999999');
    expect(await refusedBy('incidents.link', { id, records: 'somebody' })).toContain('"somebody" names no record');
    await does('incidents.contain', { id });
    await does('incidents.resolve', { id });
    expect(await refusedBy('accounts.link-incident', { id: other?.id ?? '', incident: id })).toContain('is resolved already');
    const again = `SELECT ops.link_incident($1, $2)`;
    const records = JSON.stringify([{ entity: 'account', id: mine?.id }]);
    expect(await refusedAs('incidents.link', again, [id, records])).toMatchObject({ code: 'BU007' });
  });

  test('a review says what the root cause was; its result is hashed and every row of it stays', async () => {
    const id = await declare({ kind: 'outage', title: 'The card processor answers nothing' });
    const [first, second] = await steps(id);
    await does('incident-steps.check', { id: first?.id ?? '', note: 'cards fail since 09:40, transfers work' });
    await does('incident-steps.skip', { id: second?.id ?? '', note: 'one person is enough for this' });
    await does('incident-steps.uncheck', { id: second?.id ?? '', note: 'two are needed after all' });
    expect(await refusedBy('incident-steps.uncheck', { id: second?.id ?? '' })).toContain('is open');
    const lessons = { rootCause: 'the certificate of the card processor ran out', prevention: 'its end is watched from 30 days before' };
    expect(await refusedBy('incidents.review', { id, ...lessons })).toContain('is open, not resolved');
    await does('incidents.contain', { id });
    await does('incidents.resolve', { id });
    expect(await refusedBy('incidents.review', { id, ...lessons, rootCause: 'unknown' })).toContain('at least 20 characters');
    const blank = `SELECT ops.review_incident(i.id, i.version, '', 'nothing prevents it at all', '', '') FROM ops.incident i WHERE i.id = $1`;
    expect(await refusedAs('incidents.review', blank, [id])).toMatchObject({ code: '23514' });
    await does('incident-steps.check', { id: second?.id ?? '', note: 'ticked off after it was resolved' });
    await does('incidents.review', { id, ...lessons });

    const document = async () =>
      (
        await world.bank.rows<{ document: string; stored: string }>(
          `SELECT ops.incident_document(id) AS document, encode(result_hash, 'hex') AS stored FROM ops.incident WHERE id = $1`,
          [id],
        )
      )[0];
    const closed = await document();
    expect(
      createHash('sha256')
        .update(closed?.document ?? '')
        .digest('hex'),
    ).toBe(closed?.stored);
    const told = JSON.parse(closed?.document ?? '{}') as { timeline: { action: string }[]; steps: { result: string }[] };
    const happened = told.timeline.map(({ action }) => action);
    expect(happened).toEqual([
      'incidents.declare', 'incident-steps.check', 'incident-steps.skip', 'incident-steps.uncheck', 'incident-steps.uncheck', 'incidents.review', 'incidents.contain', 'incidents.resolve',
      'incident-steps.check',
    ]); // prettier-ignore
    expect(told.steps.filter(({ result }) => result === 'in time')).toHaveLength(2);

    // what comes later is not in it
    expect(await refusedBy('incident-steps.check', { id: (await steps(id))[2]?.id ?? '' })).toContain('is reviewed: its checklist stays');
    await does('incidents.draft-notice', { id, audience: 'team' });
    await does('incidents.preserve', { id, hours: '1' });
    expect((await document())?.document).toBe(closed?.document);
    for (const sql of [
      `UPDATE ops.incident SET root_cause = 'somebody else' WHERE id = ${id}`,
      `DELETE FROM ops.incident_step WHERE incident_id = ${id}`,
      `UPDATE ops.incident_evidence_part SET document = ''`,
      'TRUNCATE ops.incident_evidence CASCADE',
    ])
      expect({ sql, ...(await refusal(world.bank.db, () => world.bank.db.query(sql))) }).toMatchObject({
        sql,
        code: expect.stringMatching(/^BU0(04|10)$/) as string,
      });
  });
});

describe('at once', () => {
  test('of two consoles that tick one step off, one does it; the other is told', async () => {
    const rounds = full ? 200 : 15;
    const tally = { done: 0, refused: 0 };
    for (let round = 0; round < rounds; round += 1) {
      const id = await declare({ level: '1' });
      const step = (await steps(id))[0]?.id ?? '';
      const outcomes = await Promise.all([run('incident-steps.check', { id: step }), run('incident-steps.check', { id: step }, two)]);
      for (const outcome of outcomes) tally[outcome.ok ? 'done' : 'refused'] += 1;
      const rows = await world.bank.rows(
        `SELECT FROM ops.audit WHERE entity = 'incident-step' AND entity_id = $1 AND outcome = 'success'`,
        [step],
      );
      expect(rows).toHaveLength(1);
    }
    expect(tally).toEqual({ done: rounds, refused: rounds });
    figures['steps ticked by two at once, each done once'] = rounds;
  });

  test('of two that send one draft, one does; customers get it only after two people agreed', async () => {
    const account = await world.bank.account();
    const id = await declare({ records: account.number });
    await does('incidents.draft-notice', { id, audience: 'legal' });
    const draftOf = async (audience: string) =>
      (
        await world.bank.rows<{ id: string; body: string }>(
          'SELECT id, body FROM ops.incident_notice WHERE incident_id = $1 AND audience = $2',
          [id, audience],
        )
      )[0];
    const legal = (await draftOf('legal'))?.id ?? '';
    const outcomes = await Promise.all([run('incident-notices.send', { id: legal }), run('incident-notices.send', { id: legal }, two)]);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
    const sent = () =>
      world.bank.rows<{ recipient: string; body: string }>(
        `SELECT recipient, body FROM ops.notice WHERE template = 'incident-update' ORDER BY number`,
      );
    expect(await sent()).toMatchObject([
      { recipient: 'legal@bank.example', body: expect.stringContaining('the 72 hours of GDPR') as string },
    ]);

    await does('incidents.draft-notice', { id, audience: 'customers' });
    const customers = await draftOf('customers');
    expect(customers?.body).toContain('Give your password and codes to nobody');
    await does('incident-notices.edit', { id: customers?.id ?? '', text: 'We hold your account while we look into something odd.' });
    expect(await refusedBy('incident-notices.send', { id: customers?.id ?? '' })).toContain('waiting-for-approval');
    expect(await sent()).toHaveLength(1);

    // with the action alone nobody reaches anybody else
    const stray = `SELECT ops.enqueue_notice('incident-update', 'email', 'mallory@mail.example', 'x', 'give us your codes', NULL, NULL, 'incident-notice', $1)`;
    expect(await refusedAs('incident-notices.send', stray, [customers?.id])).toMatchObject({ code: 'BU004' });
    expect(await sent()).toHaveLength(1);
  });
});

describe('evidence', () => {
  test('holds what the incident touches as it was, without a secret, and says what there was more of than it keeps', async () => {
    const { bank } = world;
    const account = await bank.account({ balance: 4_200 });
    await bank.behindItsBack(
      `UPDATE bank."user" u SET password_hash = 'planted-hash-of-a-password' FROM bank.account a WHERE a.user_id = u.id AND a.id = ${account.id}`,
    );
    await bank.behindItsBack(
      `INSERT INTO bank.auth_event (type, username, user_id, ip, at) SELECT 'login_failure', 'x', a.user_id, '10.0.0.1', now() FROM bank.account a, generate_series(1, 10050) WHERE a.id = ${account.id}`,
    );
    const id = await declare({ records: account.number });
    const began = performance.now();
    await does('incidents.preserve', { id, hours: '2' });
    figures['ms to preserve evidence with 10,000 sign-ins'] = Math.round(performance.now() - began);
    const parts = await bank.rows<{ name: string; rows: number; of: string; document: string; sha: string }>(
      `SELECT p.name, p.rows, p.of::text, p.document, encode(sha256(convert_to(p.document, 'UTF8')), 'hex') AS sha FROM ops.incident_evidence e JOIN ops.incident_evidence_part p ON p.evidence_id = e.id
        WHERE e.incident_id = $1`,
      [id],
    );
    const [evidence] = await bank.rows<{ manifest: string; sound: boolean }>(
      `SELECT manifest, sha256(convert_to(manifest, 'UTF8')) = manifest_sha AS sound FROM ops.incident_evidence WHERE incident_id = $1`,
      [id],
    );
    expect(evidence?.sound).toBe(true);
    const listed = JSON.parse(evidence?.manifest ?? '{}') as { parts: { file: string; sha256: string; rows: number; of: number }[] };
    expect(listed.parts.map(({ file, sha256 }) => `${file} ${sha256}`).toSorted()).toEqual(
      parts.map(({ name, sha }) => `${name}.json ${sha}`).toSorted(),
    );
    const part = (name: string) => JSON.parse(parts.find(one => one.name === name)?.document ?? '[]') as Record<string, unknown>[];
    expect(part('accounts')).toMatchObject([{ number: account.number, balance: 4_200 }]);
    expect(part('transactions')).toHaveLength(1);
    expect(part('audit').map(row => row['action'])).toContain('incidents.declare');
    expect(parts.find(({ name }) => name === 'sign-ins')).toMatchObject({ rows: 10_000, of: '10050' });
    expect(listed.parts.find(({ file }) => file === 'sign-ins.json')).toMatchObject({ rows: 10_000, of: 10_050 });
    expect(parts.map(({ document }) => document).join('')).not.toMatch(/planted-hash|token_hash|password_hash|sealed/);
    figures['parts of a bundle'] = parts.length;
  });
});
