import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprintOfKey } from '../../../src/domain/machine.ts';
import { aMinuteLater } from '../../support/full-disk.ts';
import { aKey, addMachine, refusalOf, showKeys, type AddedMachine } from '../../support/machines.ts';
import { aStaffedBank, type Member, type StaffedBank } from '../../support/staff.ts';

let bank: StaffedBank;
let ada: Member;
let bert: Member;
let sam: Member;
let backup1: AddedMachine;
const note = 'tried by a test of machines';

beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], sam: ['sysop'] });
  [ada, bert, sam] = await Promise.all([bank.member('ada'), bank.member('bert'), bank.member('sam')]);
  backup1 = await addMachine(bank, { maker: ada, checker: bert }, 'backup1');
});
afterAll(() => bank[Symbol.asyncDispose]());

const audited = (operator: string) =>
  bank.rows('SELECT action, outcome::text FROM ops.audit WHERE operator = $1 ORDER BY seq DESC LIMIT 1', [operator]);

describe('its session', () => {
  test('measures and tells alarms under its name, that of its own key among them', async () => {
    const token = await backup1.token();
    const endsIn = (interval: string) =>
      bank.behindItsBack(`UPDATE ops.machine_key SET valid_until = valid_until + $2::interval WHERE operator_id = $1`, [
        String(backup1.id),
        interval,
      ]);
    await endsIn('-80 days');
    for (const _ of [1, 2]) {
      await bank.behindItsBack(aMinuteLater);
      expect(Number(await bank.value('SELECT ops.sample_health($1)', [token]))).toBeGreaterThan(0);
    }
    await endsIn('80 days');
    expect(
      await bank.rows(
        `SELECT operator, outcome::text, new -> 'told' @> '[{"about": "measure machine-key", "state": "soon"}]' AS told FROM ops.audit WHERE action = 'health.alarm'`,
      ),
    ).toEqual([{ operator: 'machine.backup1', outcome: 'success', told: true }]);
    const told = await bank.rows(`SELECT subject, recipient, body FROM ops.notice WHERE about_id = 'machine-key'`);
    expect(told).toMatchObject([{ subject: 'Ends soon: "Key of a machine", "the bank"' }]);
    expect(told[0]?.['body']).toContain('the key of the machine backup1 ends at ');
  });

  test('lasts an hour, is prolonged by the key alone, and the audit log has its beginning under its name', async () => {
    const token = await backup1.token();
    const hash = createHash('sha256').update(token).digest();
    const left = () =>
      bank.value(`SELECT extract(epoch FROM expires_at - clock_timestamp())::int FROM ops.operator_session WHERE token_hash = $1`, [hash]);
    expect(await left()).toBeGreaterThan(3_590);
    expect(await audited('machine.backup1')).toEqual([{ action: 'sessions.open', outcome: 'success' }]);
    await bank.rows(`UPDATE ops.operator_session SET expires_at = clock_timestamp() + interval '1 minute' WHERE token_hash = $1`, [hash]);
    expect(await showKeys(bank, 'backup1', [aKey()], token)).toMatchObject({ ok: false });
    expect(await left()).toBeLessThan(61);
    expect(await showKeys(bank, 'backup1', [backup1.key], token)).toEqual({ ok: true, value: token });
    expect(await left()).toBeGreaterThan(3_590);
    // as the owner, without the key: not longer than the key allows, and no session that is over
    expect(
      await refusalOf(
        bank.rows(`UPDATE ops.operator_session SET expires_at = expires_at + interval '1 hour' WHERE token_hash = $1`, [hash]),
      ),
    ).toContain('an hour at most');
    expect(
      await refusalOf(
        bank.rows(
          `UPDATE ops.operator_session SET expires_at = expires_at + interval '1 minute' WHERE operator_id = $1 AND kind = 'screen'`,
          [ada.id],
        ),
      ),
    ).toContain('is not allowed');
  });

  test('wrong keys are counted, delayed and told as security events; the right key is let in all the same', async () => {
    for (let n = 0; n < 12; n++) {
      await bank.behindItsBack(
        `UPDATE ops.sign_in_attempt SET at = at - interval '20 minutes' WHERE NOT succeeded AND id < (SELECT max(id) FROM ops.sign_in_attempt) - 3`,
      );
      expect(await showKeys(bank, 'backup1', [aKey()])).toMatchObject({ ok: false });
    }
    expect(await showKeys(bank, 'backup1', [aKey()])).toMatchObject({
      ok: false,
      refusal: { message: 'too many failures of this machine, or from this address' },
    });
    expect(await showKeys(bank, 'nobody', [aKey()])).toMatchObject({ ok: false });
    const token = await backup1.token();
    await bank.rows('SELECT ops.gather_security_events($1)', [token]);
    const events = await bank.rows(`SELECT kind, summary FROM ops.security_event WHERE level = 'critical'`);
    expect(JSON.stringify(events)).toMatch(/refused sign-ins to this console/);
  });

  test('comes only from where its machine may', async () => {
    const there = await addMachine(bank, { maker: ada, checker: bert }, 'there', { from: '127.0.0.1 10.2.0.0/16' });
    const away = await addMachine(bank, { maker: ada, checker: bert }, 'away', { from: '10.2.0.0/16' });
    const token = await there.token();
    expect(await showKeys(bank, 'away', [away.key])).toMatchObject({
      ok: false,
      refusal: { message: 'the machine away may not work from the machine of the database' },
    });
    expect(
      await bank.rows('SELECT said FROM ops.claim_due($1, $2, $3, $3, 1, $4)', [
        token,
        'ledger',
        new Date('2020-01-01'),
        new Date('2019-01-01'),
      ]),
    ).toEqual([{ said: 'moved' }]);
    await bank.behindItsBack(`UPDATE ops.machine SET networks = '{10.2.0.0/16}' WHERE name = 'there'`);
    expect(await refusalOf(bank.rows('SELECT ops.sample_health($1)', [token]))).toContain('may not work from');
  });

  test('ends with its key', async () => {
    const brief = await addMachine(bank, { maker: ada, checker: bert }, 'brief', { days: '1' });
    const token = await brief.token();
    await bank.behindItsBack(
      `UPDATE ops.machine_key SET approved_at = approved_at - interval '1 day', valid_until = clock_timestamp() WHERE operator_id = $1`,
      [String(brief.id)],
    );
    expect(await refusalOf(bank.rows('SELECT ops.sample_health($1)', [token]))).toContain('the key of the machine brief ended at');
    expect(await showKeys(bank, 'brief', [brief.key])).toMatchObject({
      ok: false,
      refusal: { next: 'make another: bursar machines enrol brief, then bursar machines rotate brief' },
    });
  });
});

describe('another key, and the end', () => {
  test('a rotated key takes over at once, and the old one never comes back', async () => {
    const turned = await addMachine(bank, { maker: ada, checker: bert }, 'turned');
    const token = await turned.token();
    const next = aKey();
    // what waits for approval is not taken yet
    expect(await showKeys(bank, 'turned', [next])).toMatchObject({ ok: false });
    expect(
      await bank.both(ada, bert, 'machines.rotate', { id: String(turned.id), fingerprint: fingerprintOfKey(next), note }),
    ).toMatchObject({ ok: true });
    expect(await refusalOf(bank.rows('SELECT ops.sample_health($1)', [token]))).toContain('this session has ended');
    expect(await showKeys(bank, 'turned', [turned.key])).toMatchObject({
      ok: false,
      refusal: { message: expect.stringContaining('was replaced at') as string },
    });
    expect(await showKeys(bank, 'turned', [turned.key, next])).toMatchObject({ ok: true });
    expect(await ada.run('machines.rotate', { id: String(turned.id), fingerprint: fingerprintOfKey(turned.key), note })).toMatchObject({
      ok: false,
      refusal: { kind: 'conflict' },
    });
  });

  test('revoked by one person, a system operator too: the next write is refused, and it never comes back', async () => {
    const gone = await addMachine(bank, { maker: ada, checker: bert }, 'gone');
    const token = await gone.token();
    await bank.rows('SELECT ops.sample_health($1)', [token]);
    expect(await sam.run('machines.revoke', { id: String(gone.id), note })).toMatchObject({ ok: true });
    expect(await refusalOf(bank.rows('SELECT ops.sample_health($1)', [token]))).toContain('this session has ended');
    expect(await showKeys(bank, 'gone', [gone.key])).toMatchObject({ ok: false, refusal: { message: 'the machine gone was revoked' } });
    expect(await sam.run('machines.revoke', { id: String(gone.id), note })).toMatchObject({ ok: false });
    expect(await ada.run('operators.enable', { id: String(gone.id), note })).toMatchObject({ ok: false });
    expect(await bank.value(`SELECT is_active FROM ops.operator WHERE id = $1`, [String(gone.id)])).toBe(false);
  });
});
