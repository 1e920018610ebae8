import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { renderNotice } from '../../../src/domain/notice.ts';
import { act, askFor, hashOf, refusal, writeAudit } from '../../support/acting.ts';
import { aNoticeBank, type NoticeBank } from '../../support/notice-bank.ts';

let bank: NoticeBank;
beforeAll(async () => {
  bank = await aNoticeBank({ others: { clerk: ['support'], chief: ['manager'] } });
});
afterAll(() => bank[Symbol.asyncDispose]());
afterEach(() => bank.bank.behindItsBack('DELETE FROM ops.notice'));

type Wish = { template?: string; recipient?: string; channel?: string; sealed?: string; expires?: string };
const enqueue = ({ template = 'account-frozen', recipient = 'ada@mail.example', channel = 'email', sealed, expires }: Wish = {}) =>
  bank.bank.db.query(
    `SELECT ops.enqueue_notice($1, $2, $3, 'A subject', 'A body', $4, clock_timestamp() + $5::interval, 'account', '1') AS number`,
    [template, channel, recipient, sealed ?? null, expires ?? null],
  );
const enqueued = (wish?: Wish) =>
  act(bank.bank.db, bank.bank.one, wish?.template === 'invite' ? 'users.create' : 'accounts.freeze', () => enqueue(wish));
const claim = (token = bank.bank.one.token, most = 8) =>
  bank.bank.rows<{ id: string; claim: number; attempt: number; sealed: string | null }>('SELECT * FROM ops.claim_notices($1, $2, $3)', [
    token,
    most,
    ['email'],
  ]);
const settle = async (id: string, number: number, outcome: string, token = bank.bank.one.token): Promise<boolean | undefined> => {
  const retry = outcome === 'failed' ? new Date(Date.now() + 60_000) : null;
  const rows = await bank.bank.rows<{ told: boolean }>('SELECT ops.settle_notice($1, $2, $3, $4, $5, $6) AS told', [
    token,
    id,
    number,
    outcome,
    'answer',
    retry,
  ]);
  return rows[0]?.told;
};
const only = async () => (await bank.bank.rows<Record<string, unknown>>('SELECT * FROM ops.notice ORDER BY number'))[0] ?? {};
/** What the passing of time would do. */
const pass = (what: string) => bank.bank.behindItsBack(`UPDATE ops.notice SET ${what}`);

describe('a notice', () => {
  test('commits with the action that it tells of, or not at all', async () => {
    const { db, one } = bank.bank;
    expect((await refusal(db, () => enqueue())).code).toBe('BU004');
    const rolledBack = act(db, one, 'accounts.freeze', async () => {
      await enqueue();
      throw new Error('the action fails after it');
    });
    await expect(rolledBack).rejects.toThrow('the action fails after it');
    expect(await only()).toEqual({});
    await enqueued();
    expect(await only()).toMatchObject({ status: 'waiting', recipient: 'ada@mail.example', created_by: one.id, attempts: 0 });
  });

  test('is sent by no action that has no business with it', async () => {
    const { db, one } = bank.bank;
    const wrong = await refusal(db, () => act(db, one, 'accounts.freeze', () => enqueue({ template: 'password-reset' })));
    expect(wrong).toMatchObject({ code: 'BU004', message: 'accounts.freeze sends no notice password-reset' });
  });

  test('never changes what it says, and is never deleted, even by the owner of the database', async () => {
    const { db } = bank.bank;
    await enqueued();
    for (const change of [
      `body = 'other'`,
      `subject = 'other'`,
      `recipient = 'eve@mail.example'`,
      `template = 'invite'`,
      `about_id = '2'`,
      `sealed = 'x', secret_expires_at = now()`,
    ])
      expect((await refusal(db, () => db.query(`UPDATE ops.notice SET ${change}`))).code).toBe('BU010');
    for (const change of [`status = 'sent'`, `status = 'dead'`, `attempts = 9`, `status = 'sending', attempts = 1`, `status = 'cancelled'`])
      expect((await refusal(db, () => db.query(`UPDATE ops.notice SET ${change}`))).code).toMatch(/^BU00[47]$/);
    expect((await refusal(db, () => db.query('DELETE FROM ops.notice'))).code).toBe('BU010');
    expect((await refusal(db, () => db.query('TRUNCATE ops.notice'))).code).toBe('BU010');
  });

  test('without an address is there all the same, as dead, with the reason', async () => {
    await enqueued({ recipient: 'two' });
    expect(await only()).toMatchObject({ status: 'dead', last_error: 'there is no address to send it to' });
    expect(await claim()).toEqual([]);
  });
});

describe('a claim', () => {
  test('takes a live session, of whatever operator', async () => {
    const { db, two } = bank.bank;
    await enqueued();
    expect((await refusal(db, () => claim('no-such-token'))).code).toBe('BU001');
    expect(await claim(two.token)).toHaveLength(1);
  });

  test('keeps all others away for two minutes, then is taken over; only the newest settles', async () => {
    const { one, two } = bank.bank;
    await enqueued();
    const [first] = await claim(one.token);
    expect(first).toMatchObject({ claim: 1, attempt: 1 });
    expect(await claim(two.token)).toEqual([]);
    const lease = Number(
      await bank.bank
        .rows<{ s: string }>('SELECT extract(epoch FROM due_at - clock_timestamp()) AS s FROM ops.notice')
        .then(([row]) => row?.s),
    );
    expect(lease).toBeGreaterThan(110);
    expect(lease).toBeLessThanOrEqual(120);
    await pass('due_at = clock_timestamp()');
    const [second] = await claim(two.token);
    expect(second).toMatchObject({ claim: 2, attempt: 2 });
    expect(await settle(first?.id ?? '', 1, 'sent', one.token)).toBe(false);
    expect(await settle(first?.id ?? '', 2, 'sent', one.token)).toBe(false);
    expect(await settle(first?.id ?? '', 2, 'sent', two.token)).toBe(true);
    expect(await settle(first?.id ?? '', 2, 'dead', two.token)).toBe(false);
    expect(await only()).toMatchObject({ status: 'sent', detail: 'answer', attempts: 2 });
  });

  test('gives nothing that is not due, or for a channel that is not there', async () => {
    await enqueued();
    await enqueued({ channel: 'webhook', recipient: 'staff' });
    const [first] = await claim();
    expect(await settle(first?.id ?? '', 1, 'failed')).toBe(true);
    expect(await only()).toMatchObject({ status: 'failed', last_error: 'answer' });
    expect(await claim()).toEqual([]);
    await pass('due_at = clock_timestamp()');
    expect(await claim()).toMatchObject([{ attempt: 2 }]);
  });
});

describe('what is sealed', () => {
  const sealed = { template: 'invite', sealed: 'sealed-with-a-key', expires: '1 hour' };

  test.each(['sent', 'dead'])('is erased when the notice is %s', async outcome => {
    await enqueued(sealed);
    const [first] = await claim();
    expect(first?.sealed).toBe('sealed-with-a-key');
    await settle(first?.id ?? '', 1, outcome);
    expect(await only()).toMatchObject({ status: outcome, sealed: null });
  });

  test('is erased when it has expired, though no console sends by that channel', async () => {
    await enqueued({ ...sealed, channel: 'command', recipient: 'staff' });
    await pass(`secret_expires_at = clock_timestamp() - interval '1 second'`);
    expect(await claim()).toEqual([]);
    expect(await only()).toMatchObject({ status: 'dead', sealed: null, last_error: 'its link or code expired before it was sent' });
  });

  test('is read by no role', async () => {
    const { rows } = await bank.bank.db.query(
      `SELECT r FROM unnest('{bursar_reader,bursar_operator,bursar_auditor,bursar_platform}'::text[]) r WHERE has_column_privilege(r, 'ops.notice', 'sealed', 'SELECT')`,
    );
    expect(rows).toEqual([]);
  });

  test('is not even stored in a demo, which keeps its notices', async () => {
    await bank.bank.behindItsBack('INSERT INTO platform.demo_marker (seed, scale) VALUES (1, 1)');
    await enqueued(sealed);
    expect(await only()).toMatchObject({ status: 'kept', sealed: null, detail: 'a demo sends nothing' });
    expect(await claim()).toEqual([]);
    await bank.bank.behindItsBack('DELETE FROM platform.demo_marker');
  });
});

describe('staff', () => {
  const recipients = async (wanted: string, butNot: string | null = null) =>
    (
      await bank.bank.rows<{ to: string }>(`SELECT channel || ' ' || recipient AS to FROM ops.staff_recipients($1, $2) ORDER BY 1`, [
        wanted,
        butNot,
      ])
    ).map(({ to }) => to);

  test('is everybody who now has a permission or a role, but the one it is about', async () => {
    const { one } = bank.bank;
    expect(await recipients('approval.decide')).toEqual([
      'email chief@bank.example',
      'email maker@bank.example',
      'email one@bank.example',
      'email two',
    ]);
    expect(await recipients('approval.decide', one.id)).not.toContain('email one@bank.example');
    expect(await recipients('support')).toContain('email clerk@bank.example');
    await bank.bank.behindItsBack(
      `UPDATE ops.operator_role SET expires_at = now() WHERE role = 'manager' AND operator_id = (SELECT id FROM ops.operator WHERE name = 'chief')`,
    );
    expect(await recipients('approval.decide')).not.toContain('email chief@bank.example');
    await bank.bank.behindItsBack(`UPDATE ops.operator_role SET expires_at = NULL`);
  });

  test('is told by every channel that is set, once by each that is no address', async () => {
    await bank.bank.behindItsBack(`UPDATE platform.setting SET value = '"webhook,command"' WHERE key = 'notices.staff-channels'`);
    expect(await recipients('approval.decide')).toEqual(['command staff', 'webhook staff']);
    await bank.bank.behindItsBack(`UPDATE platform.setting SET value = '"email"' WHERE key = 'notices.staff-channels'`);
  });

  test('hears of broken glass from the database itself, in the words of the template', async () => {
    const { db, rows } = bank.bank;
    await act(db, bank.bank.one, 'incidents.declare', () =>
      db.query(`SELECT ops.declare_incident(2::smallint, 'security', 'Postings twice')`),
    );
    const { id } = await bank.bank.account({ status: 'frozen' });
    const request = await askFor(db, 'accounts.unfreeze', ['account', id]);
    await db.query('BEGIN');
    await db.query('SELECT ops.begin_action($1, $2, $3, gen_random_uuid(), $4, true)', [
      'token-of-the-maker-of-requests-0001',
      'accounts.unfreeze',
      hashOf('accounts.unfreeze'),
      request,
    ]);
    await db.query('SELECT ops.release_holds(a.id, a.version, $2) FROM bank.account a WHERE a.id = $1', [id, 'released in an incident']);
    await writeAudit(db);
    await db.query('COMMIT');
    const told = await rows<{ recipient: string; subject: string; body: string; at: Date }>(
      `SELECT recipient, subject, body, created_at AS at FROM ops.notice WHERE template = 'break-glass' ORDER BY recipient`,
    );
    expect(told.map(({ recipient }) => recipient)).toEqual(['chief@bank.example', 'maker@bank.example', 'one@bank.example', 'two']);
    const [first] = told;
    const at = first?.at ?? new Date();
    const expected = renderNotice('break-glass', {
      environment: 'unnamed',
      at,
      operator: 'maker',
      action: 'accounts.unfreeze',
      target: `account ${id}`,
      incident: '#1 Postings twice',
      ratifyBy: new Date(at.getTime() + 86_400_000),
    });
    expect({ subject: first?.subject, body: first?.body }).toEqual(expected);
  });
});
