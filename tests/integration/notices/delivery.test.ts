import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NewNotice } from '../../../src/kit/notice.ts';
import { deliverDue, keepDelivering } from '../../../src/notices/deliver.ts';
import { answer, bodyOf, headerOf, startMailServer } from '../../support/mail-server.ts';
import { aNoticeBank, mailTo, type NoticeBank } from '../../support/notice-bank.ts';
import { link } from '../../support/notices.ts';
import { report } from '../../support/reliability.ts';

let bank: NoticeBank;
beforeAll(async () => {
  bank = await aNoticeBank();
});
afterAll(() => bank[Symbol.asyncDispose]());
afterEach(() => bank.bank.behindItsBack('DELETE FROM ops.notice'));

const signal = new AbortController().signal;
const rows = () => bank.bank.rows<Record<string, unknown>>('SELECT * FROM ops.notice ORDER BY number');
const aFreeze = { ground: 'compliance', note: 'papers are missing', notify: 'yes' };

const aReset = (to = 'ada@mail.example'): NewNotice<'password-reset'> => ({
  template: 'password-reset',
  params: { name: 'Ada Byron', expires: new Date(Date.now() + 3_600_000) },
  to: { address: to },
  about: { entity: 'user', id: '1' },
  secret: { text: link, expiresAt: new Date(Date.now() + 3_600_000) },
});
const frozen = (to: string): NewNotice<'account-frozen'> => ({
  template: 'account-frozen',
  params: { name: 'Ada Byron', account: '447100930012', at: new Date() },
  to: { address: to },
  about: { entity: 'account', id: '1' },
});

/** Everything that the database holds, as text. */
const dump = async (): Promise<string> => {
  const tables = await bank.bank.rows<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN ('ops', 'bank', 'platform')`,
  );
  const texts: string[] = [];
  for (const { name } of tables)
    texts.push(...(await bank.bank.rows<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)).map(({ row }) => row));
  return texts.join('\n');
};

describe('from the action to the mailbox', () => {
  test('a freeze that says so tells the customer, once; one that does not tells nobody', async () => {
    await using server = await startMailServer();
    const { run, outbox } = await bank.console();
    const [told, quiet] = [await bank.bank.account(), await bank.bank.account()];
    expect(await run('accounts.freeze', { id: told.id, ...aFreeze })).toMatchObject({ ok: true });
    expect(await run('accounts.freeze', { id: quiet.id, ...aFreeze, notify: 'no' })).toMatchObject({ ok: true });
    expect(await deliverDue(outbox, mailTo(server.port), { signal })).toEqual({ sent: 1, failed: 0, dead: 0 });
    expect(await deliverDue(outbox, mailTo(server.port), { signal })).toEqual({ sent: 0, failed: 0, dead: 0 });
    expect(server.mails).toMatchObject([{ to: ['ada@mail.example'] }]);
    const raw = server.mails[0]?.raw ?? '';
    const [row] = await rows();
    expect(headerOf(raw, 'Message-ID')).toBe(`<${String(row?.['id'])}@bursar>`);
    expect(bodyOf(raw)).toContain(`Account: "...${told.number.slice(-4)}"`);
    expect(row).toMatchObject({
      status: 'sent',
      attempts: 1,
      about_entity: 'account',
      about_id: told.id,
      detail: expect.stringMatching(/^250/) as string,
    });
  });

  test('where the action is refused, nobody is told', async () => {
    const { run } = await bank.console();
    const { id } = await bank.bank.account({ status: 'frozen' });
    expect(await run('accounts.freeze', { id, ...aFreeze })).toMatchObject({ ok: false });
    const other = await bank.bank.account();
    await bank.bank.db
      .query(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no audit today' USING ERRCODE = 'BU007'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON ops.audit FOR EACH ROW WHEN (new.outcome = 'success') EXECUTE FUNCTION public.refuse()`);
    expect(await run('accounts.freeze', { id: other.id, ...aFreeze })).toMatchObject({ ok: false });
    await bank.bank.db.query('DROP TRIGGER refuse ON ops.audit');
    expect(await rows()).toEqual([]);
  });

  test('a request that waits is told to everybody who may decide it, but not to its maker', async () => {
    await using server = await startMailServer();
    const { run, outbox } = await bank.console();
    const { id } = await bank.bank.account({ status: 'frozen' });
    const asked = await run('accounts.unfreeze', { id, findings: 'papers are here now', resolved: 'yes', notify: 'yes' });
    expect(asked).toMatchObject({ ok: false, refusal: { kind: 'waiting-for-approval' } });
    expect((await rows()).map(({ recipient, status }) => [recipient, status])).toEqual([
      ['two', 'dead'],
      ['maker@bank.example', 'waiting'],
    ]);
    await deliverDue(outbox, mailTo(server.port), { signal });
    expect(server.mails.map(({ to }) => to)).toEqual([['maker@bank.example']]);
    expect(bodyOf(server.mails[0]?.raw ?? '')).toMatch(
      / {2}Action: +"accounts\.unfreeze"\n {2}Target: +"account \d+"\n {2}Asked for by: "one"/,
    );
  });
});

test('what a checker approves tells the customer, where its maker said so', async () => {
  await using server = await startMailServer();
  const [maker, checker] = [await bank.console('one'), await bank.console('two')];
  const { id } = await bank.bank.account({ status: 'frozen' });
  await maker.run('accounts.unfreeze', { id, findings: 'papers are here now', resolved: 'yes', notify: 'yes' });
  const [request] = await bank.bank.rows<{ number: string }>('SELECT max(number)::text AS number FROM ops.approval');
  expect(await checker.run('approvals.approve', { id: request?.number ?? '', note: 'looked at it and agree' })).toMatchObject({ ok: true });
  await deliverDue(checker.outbox, mailTo(server.port), { signal });
  expect(server.mails.map(({ to }) => to[0])).toContain('ada@mail.example');
  expect(server.mails.map(({ raw }) => bodyOf(raw)).join('')).toContain('Your account is no longer frozen.');
});

describe('a link', () => {
  test('arrives, and stands nowhere in the database before, while and after it is sent', async () => {
    const answers = [answer(451, `what is ${link}?`)];
    await using server = await startMailServer({ judge: stage => (stage === 'message' ? answers.pop() : undefined) });
    const { tell, outbox } = await bank.console();
    await tell('users.reset-password', aReset());
    const seen = [await dump()];
    expect((await rows())[0]).toMatchObject({ sealed: expect.stringMatching(/^[A-Za-z0-9_-]{40,}$/) as string });
    expect(await deliverDue(outbox, mailTo(server.port), { signal })).toMatchObject({ failed: 1 });
    seen.push(await dump());
    expect((await rows())[0]).toMatchObject({ status: 'failed', last_error: 'the mail server answered 451 to DATA', attempts: 1 });
    await bank.bank.behindItsBack('UPDATE ops.notice SET due_at = clock_timestamp()');
    expect(await deliverDue(outbox, mailTo(server.port), { signal })).toMatchObject({ sent: 1 });
    seen.push(await dump());
    expect(server.mails).toHaveLength(1);
    expect(bodyOf(server.mails[0]?.raw ?? '')).toContain(`  ${link}\n`);
    expect((await rows())[0]).toMatchObject({ status: 'sent', attempts: 2, sealed: null });
    for (const text of seen) {
      expect(text).toContain('ada@mail.example');
      expect(text).not.toContain(link);
      expect(text).not.toContain(Buffer.from(link).toString('base64').slice(0, 30));
      expect(text).not.toContain(Buffer.from(link).toString('hex'));
    }
    report('a link looked for in every table', {
      dumps: seen.length,
      characters: seen.join('').length,
      found: seen.filter(text => text.includes(link)).length,
    });
  });

  test('is not sent by a console that has another key, and by the right one later', async () => {
    await using server = await startMailServer();
    const [one, other] = [await bank.console(), await bank.console()];
    await one.tell('users.reset-password', aReset());
    const { outboxOf } = await import('../../../src/kit/outbox.ts');
    const { openDatabase } = await import('../../../src/database/client.ts');
    const { openNotice } = await import('../../../src/database/secret-key.ts');
    const database = openDatabase({ url: bank.bank.url, applicationName: 'bursar test stranger' });
    const stranger = outboxOf({ database, token: other.token, openSecret: async sealed => openNotice(Buffer.alloc(32, 7), sealed) });
    expect(await deliverDue(stranger, mailTo(server.port), { signal })).toMatchObject({ failed: 1 });
    await database.close();
    expect((await rows())[0]).toMatchObject({ last_error: 'this console does not have the key that its link or code was sealed with' });
    await bank.bank.behindItsBack('UPDATE ops.notice SET due_at = clock_timestamp()');
    expect(await deliverDue(one.outbox, mailTo(server.port), { signal })).toMatchObject({ sent: 1 });
    expect(bodyOf(server.mails[0]?.raw ?? '')).toContain(link);
  });
});

test('two consoles deliver 200 notices: each exactly once, when nobody dies', async () => {
  await using server = await startMailServer();
  const [one, two] = [await bank.console('one'), await bank.console('two')];
  const wanted = Array.from({ length: 200 }, (_, index) => `c${index}@mail.example`);
  await one.tell('accounts.freeze', ...wanted.map(frozen));
  const began = performance.now();
  const end = new AbortController();
  const errors: unknown[] = [];
  const options = { signal: end.signal, everyMs: 20, onError: (error: unknown) => void errors.push(error) };
  const loops = [one, two].map(({ outbox }) => keepDelivering(() => outbox, mailTo(server.port), options));
  await expect.poll(async () => (await rows()).filter(({ status }) => status === 'sent').length, { timeout: 150_000 }).toBe(200);
  const seconds = (performance.now() - began) / 1_000;
  end.abort();
  await Promise.all(loops);
  expect(errors).toEqual([]);
  expect(server.mails.map(({ to }) => to[0] ?? '').toSorted()).toEqual(wanted.toSorted());
  const different = new Set(server.mails.map(({ raw }) => headerOf(raw, 'Message-ID'))).size;
  expect(different).toBe(200);
  const shares = await bank.bank.rows<{ n: number }>('SELECT count(*)::int AS n FROM ops.notice GROUP BY claimed_by');
  expect(shares).toHaveLength(2);
  report('two consoles, 200 notices', {
    delivered: server.mails.length,
    twice: server.mails.length - different,
    'by the one': shares[0]?.n ?? 0,
    'by the other': shares[1]?.n ?? 0,
    seconds: Number(seconds.toFixed(1)),
  });
}, 180_000);
