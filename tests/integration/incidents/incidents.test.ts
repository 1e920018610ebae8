import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusal } from '../../support/acting.ts';
import { anIncidentWorld, type IncidentWorld } from '../../support/incident-world.ts';
import { report } from '../../support/reliability.ts';

let world: IncidentWorld;
const figures: Record<string, number> = {};

beforeAll(async () => {
  world = await anIncidentWorld();
});
afterAll(async () => {
  report('incidents', figures);
  await world[Symbol.asyncDispose]();
});

const linked = async (id: string): Promise<readonly string[]> =>
  (
    await world.bank.rows<{ record: string }>(
      `SELECT entity || ' ' || entity_id AS record FROM ops.incident_link WHERE incident_id = $1 AND removed_at IS NULL ORDER BY 1`,
      [id],
    )
  ).map(({ record }) => record);

describe('from the declaration to the review', () => {
  test('an incident begins with the checklist of its kind and level; a higher level adds to it, and nothing leaves it', async () => {
    const first = await world.declare({ level: '1' });
    expect((await world.steps(first)).map(({ title, phase, minutes }) => [phase, minutes, title.split(':')[0]])).toEqual([
      ['first 15 minutes', 5, 'Log what was seen'],
      ['first 15 minutes', 15, 'Look at the sign-ins and sessions of who is concerned'],
      ['15 to 60 minutes', 30, 'Watch the user, account or address for more of the same'],
      ['15 to 60 minutes', 60, 'Assist the user'],
      ['after', 240, 'Decide whether it is more than that'],
    ]);
    await world.does('incidents.set-level', { id: first, level: '3' });
    const raised = await world.steps(first);
    expect(raised.length).toBeGreaterThan(15);
    await world.does('incidents.set-level', { id: first, level: '2' });
    const lowered = await world.steps(first);
    expect(lowered.length).toBeGreaterThan(raised.length);
    expect(lowered.map(({ title }) => title)).toEqual(expect.arrayContaining(raised.map(({ title }) => title)));
    expect(await world.refusedBy('incidents.set-level', { id: first, level: '2' })).toContain('is of level 2 already');
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
    const id = await world.declare({ records: mine?.number ?? '' });
    expect(await linked(id)).toEqual([`account ${mine?.id}`]);
    await world.does('incidents.link', { id, records: `user:${user?.username} ${other?.number}` });
    const all = await linked(id);
    for (const account of accounts) expect(all).toContain(`account ${account.id}`);
    await world.does('incidents.unlink', { id, records: other?.number ?? '' });
    expect(await linked(id)).not.toContain(`account ${other?.id}`);
    await world.does('accounts.link-incident', { id: other?.id ?? '', incident: id });
    expect(await linked(id)).toContain(`account ${other?.id}`);
    expect(await world.refusedBy('incidents.link', { id, records: 'alert:999999' })).toBe('not-found: there is no alert 999999');
    expect(await world.refusedBy('incidents.link', { id, records: 'somebody' })).toContain('"somebody" names no record');
    await world.does('incidents.contain', { id });
    await world.does('incidents.resolve', { id });
    expect(await world.refusedBy('accounts.link-incident', { id: other?.id ?? '', incident: id })).toContain('is resolved already');
    const again = `SELECT ops.link_incident($1, $2)`;
    const records = JSON.stringify([{ entity: 'account', id: mine?.id }]);
    expect(await world.refusedAs('incidents.link', again, [id, records])).toMatchObject({ code: 'BU007' });
  });

  test('a review says what the root cause was; its result is hashed and every row of it stays', async () => {
    const id = await world.declare({ kind: 'outage', title: 'The card processor answers nothing' });
    const [first, second] = await world.steps(id);
    await world.does('incident-steps.check', { id: first?.id ?? '', note: 'cards fail since 09:40, transfers work' });
    await world.does('incident-steps.skip', { id: second?.id ?? '', note: 'one person is enough for this' });
    await world.does('incident-steps.uncheck', { id: second?.id ?? '', note: 'two are needed after all' });
    expect(await world.refusedBy('incident-steps.uncheck', { id: second?.id ?? '' })).toContain('is open');
    const lessons = { rootCause: 'the certificate of the card processor ran out', prevention: 'its end is watched from 30 days before' };
    expect(await world.refusedBy('incidents.review', { id, ...lessons })).toContain('is open, not resolved');
    await world.does('incidents.contain', { id });
    await world.does('incidents.resolve', { id });
    expect(await world.refusedBy('incidents.review', { id, ...lessons, rootCause: 'unknown' })).toContain('at least 20 characters');
    const blank = `SELECT ops.review_incident(i.id, i.version, '', 'nothing prevents it at all', '', '') FROM ops.incident i WHERE i.id = $1`;
    expect(await world.refusedAs('incidents.review', blank, [id])).toMatchObject({ code: '23514' });
    await world.does('incident-steps.check', { id: second?.id ?? '', note: 'ticked off after it was resolved' });
    await world.does('incidents.review', { id, ...lessons });

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
    expect(await world.refusedBy('incident-steps.check', { id: (await world.steps(id))[2]?.id ?? '' })).toContain(
      'is reviewed: its checklist stays',
    );
    await world.does('incidents.draft-notice', { id, audience: 'team' });
    await world.does('incidents.preserve', { id, hours: '1' });
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
    const id = await world.declare({ records: account.number });
    const began = performance.now();
    await world.does('incidents.preserve', { id, hours: '2' });
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
