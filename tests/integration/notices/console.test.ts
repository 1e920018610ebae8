import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepBusy } from '../../../src/commands/background.ts';
import { noLog } from '../../../src/commands/debug-log.ts';
import { readConfig } from '../../../src/config.ts';
import { aCommand, aCommandHome } from '../../support/command.ts';
import { bodyOf, startMailServer } from '../../support/mail-server.ts';
import { aNoticeBank, mailTo } from '../../support/notice-bank.ts';
import { aStaffedBank, staffPassword, type StaffedBank } from '../../support/staff.ts';

let bank: StaffedBank;
let customer = '';
beforeAll(async () => {
  bank = await aStaffedBank({ ann: ['analyst', 'support'], root: ['admin'] });
  await bank.behindItsBack(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ('ada', 'ada@mail.example', 'Ada', 'Byron', 'customer', 'active')`,
  );
  await bank.behindItsBack(
    `INSERT INTO bank.account (number, user_id, currency, status) SELECT bank.next_account_number(), u.id, 'EUR', 'active' FROM bank."user" u`,
  );
  customer = String(await bank.value('SELECT number FROM bank.account'));
});
afterAll(() => bank[Symbol.asyncDispose]());

/** A home with a way out for notices; the key is the bank's. */
const setUp = (port: number | undefined): void => {
  const notices = port === undefined ? {} : { smtp: { url: `smtp://127.0.0.1:${port}`, from: 'bank@mail.example' } };
  writeFileSync(path.join(bank.home, 'config.json'), JSON.stringify({ notices }));
};

/** `bursar …` of somebody who gives a fresh code. */
const withCode = async (...args: string[]) =>
  aCommand({ url: bank.url, home: bank.home, environment: { BURSAR_PASSWORD: staffPassword, BURSAR_CODE: await bank.codeOf('ann') } })(
    ...args,
  );

test('from the command line to the mailbox: a freeze, a link for a new password, and what the sender is told', async () => {
  await using server = await startMailServer();
  setUp(undefined);
  const { url, home } = bank;
  expect(await withCode('login', 'ann')).toMatchObject({ code: 0 });
  const bursar = aCommand({ url, home });
  const note = ['--note', 'asked for at the counter', '--yes'];
  expect(await bursar('accounts', 'freeze', customer, '--ground', 'compliance', '--notify', ...note)).toMatchObject({ code: 0 });
  expect(await withCode('users', 'reset-password', 'ada', ...note)).toMatchObject({
    code: 0,
    stdout: expect.not.stringContaining('password#') as string,
  });

  expect(await bursar('notices', 'send')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('no channel is set up here') as string,
  });
  setUp(server.port);
  expect(await bursar('notices', 'send', '--json')).toMatchObject({ code: 0, stdout: expect.stringContaining('"sent": 2') as string });
  expect(await bursar('notices', 'send')).toEqual({ code: 0, stdout: 'sent 0, failed and to be tried again 0, given up 0\n', stderr: '' });
  expect(server.mails.map(({ to }) => to)).toEqual([['ada@mail.example'], ['ada@mail.example']]);
  expect(server.mails.map(({ raw }) => bodyOf(raw)).join('\n')).toMatch(/ {2}https:\/\/bank\.example\/password#[\w-]{43}\n/);
  expect(await bank.rows('SELECT status, sealed FROM ops.notice')).toEqual([
    { status: 'sent', sealed: null },
    { status: 'sent', sealed: null },
  ]);
});

test('a mail server that is away: a failure that scripts see, and the notice stays', async () => {
  const away = await startMailServer();
  setUp(away.port);
  await away[Symbol.asyncDispose]();
  const bursar = aCommand({ url: bank.url, home: bank.home });
  expect(await withCode('users', 'reset-password', 'ada', '--note', 'the first one got lost', '--yes')).toMatchObject({ code: 0 });
  const sent = await bursar('notices', 'send');
  expect(sent).toMatchObject({ code: 1, stdout: 'sent 0, failed and to be tried again 1, given up 0\n' });
  expect(await bank.rows(`SELECT status, last_error FROM ops.notice WHERE status <> 'sent'`)).toMatchObject([
    { status: 'failed', last_error: expect.stringMatching(/mail/) as string },
  ]);
  expect((await bursar('notices', 'list')).stdout).toContain('password-reset');
  expect((await bursar('notices', 'show', String(await bank.value('SELECT max(number) FROM ops.notice')))).stdout).toMatch(
    /Tried by +the console of ann/,
  );
  expect((await bursar('doctor')).stdout).toMatch(/^ok {4}notices {7}smtp set up here, 1 waiting$/m);
  setUp(undefined);
  expect((await bursar('doctor')).stdout).toMatch(
    /^warn {2}notices {7}no channel set up here, 1 waiting\n +-> add the section notices to config\.json/m,
  );
});

test('an open console delivers, for whoever is signed in at the time, until it is closed', async () => {
  await using server = await startMailServer();
  await using other = await aNoticeBank();
  const [first, second] = [await other.console('one'), await other.console('two')];
  let current = first.session;
  const end = new AbortController();
  const busy = keepBusy({
    bank: {
      session: undefined,
      gate: { environment: current.environment, signIn: () => Promise.reject(new Error('nobody signs in here')) },
      url: other.bank.url,
      platformUrl: undefined,
      close: async () => undefined,
    },
    session: () => current,
    config: readConfig({ BURSAR_HOME: aCommandHome(), DATABASE_URL: other.bank.url }, '/nowhere'),
    migrations: path.join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations'),
    channels: async () => mailTo(server.port),
    signal: end.signal,
    log: noLog,
  });
  const tell = (to: string) =>
    second.tell('accounts.freeze', {
      template: 'account-frozen',
      params: { name: 'Ada', account: '447100930012', at: new Date() },
      to: { address: to },
      about: { entity: 'account', id: '1' },
    });
  await tell('first@mail.example');
  await expect.poll(() => server.mails.map(({ to }) => to[0]), { timeout: 60_000 }).toEqual(['first@mail.example']);
  await first.session.leave();
  current = second.session;
  await tell('second@mail.example');
  await expect.poll(() => server.mails.map(({ to }) => to[0]), { timeout: 60_000 }).toEqual(['first@mail.example', 'second@mail.example']);
  end.abort();
  await busy;
}, 120_000);
