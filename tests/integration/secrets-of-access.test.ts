import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { bodyOf, onlyWith, startMailServer } from '../support/mail-server.ts';
import { report } from '../support/reliability.ts';
import { aStaffedBank, recoveryCodeOf, staffPassword, type StaffedBank } from '../support/staff.ts';
import { atTerminal, enrolling, seedIn, type Person } from '../support/terminal-command.ts';

const random = (): string => randomBytes(9).toString('hex');

const planted = {
  'password of the database': `db-${random()}`,
  'password of mail': `mail-${random()}`,
  'wrong password': `wrong-${random()}`,
  'password of a user': `Pass ${random()} word`,
  'password chosen at enrolment': `chosen ${random()} words`,
  'wrong enrolment code': 'zzzz-yyyy-xxxx-wwww',
};

let bank: StaffedBank;
let mail: Awaited<ReturnType<typeof startMailServer>>;
let address = '';
/** What nobody but its owner may see, by what it is. */
const secrets = new Map<string, string>(Object.entries(planted));
/** Everything that left the program or was kept, by where. */
const found = new Map<string, string>();
const logOfServer = 'log of the server';
const keep = (where: string, text: string): void => void found.set(where, `${found.get(where) ?? ''}\n${text}`);

beforeAll(async () => {
  bank = await aStaffedBank({ ada: ['admin'], bert: ['admin'], mona: ['manager'], lena: ['support'] });
  await bank.behindItsBack(
    `INSERT INTO bank."user" (username, email, first_name, last_name, role, status) VALUES ('jojo', 'jo@mail.example', 'Jo', 'Byron', 'customer', 'active')`,
  );
  mail = await startMailServer({ options: { ...onlyWith(planted['password of mail'], []), authOptional: false, allowInsecureAuth: true } });
  const notices = { smtp: { url: `smtp://bank@127.0.0.1:${mail.port}`, from: 'bank@mail.example' } };
  writeFileSync(path.join(bank.home, 'config.json'), JSON.stringify({ notices }), { mode: 0o600 });
  const url = new URL(bank.url);
  url.password = planted['password of the database'];
  address = url.href;
  secrets.set('password of everybody', staffPassword);
  secrets.set('secret key', readFileSync(path.join(bank.home, 'keys', 'secret.key'), 'utf8').trim());
});
afterAll(async () => {
  await mail[Symbol.asyncDispose]();
  await bank[Symbol.asyncDispose]();
});

const terminal = (person?: Person, environment: NodeJS.ProcessEnv = {}) =>
  atTerminal({
    url: address,
    home: bank.home,
    environment: { BURSAR_REASON: 'a test writes', BURSAR_SMTP_PASSWORD: planted['password of mail'], ...environment },
    ...(person ? { person } : {}),
  });

/** A command whose words are kept, errors included. */
const bursar = async (environment: NodeJS.ProcessEnv, ...args: string[]): Promise<number> => {
  const { code, stdout, stderr } = await terminal(undefined, environment)('--debug-log', path.join(bank.home, 'debug.log'), ...args);
  keep('standard output', stdout);
  keep('standard error', stderr);
  return code;
};
const note = ['--note', 'asked for at the counter', '--yes'];

const codeFor = async (name: string): Promise<string> => {
  const code = await bank.codeOf(name);
  secrets.set(`one-time code ${code}`, code);
  return code;
};
const login = async (name: string, given: { password?: string; code?: string } = {}): Promise<number> => {
  const code = await bursar(
    { BURSAR_PASSWORD: given.password ?? staffPassword, BURSAR_CODE: given.code ?? (await codeFor(name)) },
    'login',
    name,
  );
  for (const file of readdirSync(path.join(bank.home, 'login'), { encoding: 'utf8' }).map(entry => path.join(bank.home, 'login', entry)))
    secrets.set(`login token of ${name}`, (JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token);
  return code;
};

test('signing in: right, wrong, by a recovery code', { timeout: 120_000 }, async () => {
  expect(await login('lena')).toBe(0);
  expect(await login('lena', { password: planted['wrong password'] })).toBe(3);
  secrets.set('recovery code', recoveryCodeOf('mona', 1));
  expect(await login('mona', { code: recoveryCodeOf('mona', 1) })).toBe(0);
  expect(await login('mona', { code: recoveryCodeOf('mona', 1) })).toBe(3);
  expect(await bursar({}, 'whoami', '--json')).toBe(0);
});

/** Every row of every table, as text. */
const keepTables = async (): Promise<number> => {
  const tables = await bank.rows(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('bank', 'ops', 'platform')`,
  );
  for (const { name } of tables) {
    const rows = await bank.rows(`SELECT t::text AS row FROM ${String(name)} t`);
    keep(`table ${String(name)}`, rows.map(({ row }) => String(row)).join('\n'));
  }
  return tables.length;
};

test('acting: links, invites, requests, refusals and a database that fails', { timeout: 180_000 }, async () => {
  expect(await login('lena')).toBe(0);
  const person = ['users', 'create', '--username', 'kim', '--email', 'kim@mail.example', '--first-name', 'Kim', '--last-name', 'Roe'];
  const withPassword = { BURSAR_PASSWORD: planted['password of a user'] };
  expect(await bursar(withPassword, ...person, ...note)).toBe(0);
  expect(await bursar(withPassword, ...person, ...note)).toBe(3);
  expect(await bursar({ BURSAR_CODE: await codeFor('lena') }, 'users', 'reset-password', 'jojo', ...note)).toBe(0);
  expect(await bursar({}, 'invites', 'create', '--email', 'new@mail.example', '--role', 'customer', ...note)).toBe(0);
  expect(await bursar({ BURSAR_CODE: '000000' }, 'users', 'reset-password', 'jojo', ...note)).toBe(3);
  await bank.rows(
    `CREATE FUNCTION public.broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no space left: %', new USING ERRCODE = '53100'; END $$`,
  );
  await bank.rows('CREATE TRIGGER a_broken BEFORE INSERT ON bank."user" FOR EACH ROW EXECUTE FUNCTION public.broken()');
  expect(await bursar(withPassword, ...person.map(word => word.replace('kim', 'tom')), ...note)).toBe(1);
  await bank.rows('DROP TRIGGER a_broken ON bank."user"');
  const elsewhere = new URL(address);
  elsewhere.pathname = '/no_such_database';
  expect(await bursar({ DATABASE_URL: elsewhere.href }, 'accounts', 'list')).toBe(1);

  expect(await login('ada')).toBe(0);
  expect(await bursar({}, 'operators', 'reset', 'bert', ...note, '--confirm', 'bert')).toBe(4);
  expect(await login('mona')).toBe(0);
  const number = String(await bank.value('SELECT max(number)::text FROM ops.approval'));
  expect(await bursar({ BURSAR_CODE: await codeFor('mona') }, 'inbox', 'approve', number, ...note)).toBe(0);
  // links and codes lie here now, sealed, until they are told
  await keepTables();
});

test('telling: only the mail has the link, the invite and the code to enrol', { timeout: 120_000 }, async () => {
  expect(await bursar({ BURSAR_SMTP_PASSWORD: planted['wrong password'] }, 'notices', 'send', '--json')).toBe(1);
  await bank.behindItsBack(`UPDATE ops.notice SET due_at = clock_timestamp() WHERE status = 'failed'`);
  expect(await bursar({}, 'notices', 'send', '--json')).toBe(0);
  const bodies = mail.mails.map(({ raw }) => bodyOf(raw)).join('\n');
  const links = [...bodies.matchAll(/#([\w-]{43})/g)].map(([, token = '']) => token);
  expect(links.length).toBeGreaterThanOrEqual(2);
  for (const [index, token] of links.entries()) secrets.set(`link ${index}`, token);
  const [enrolment = ''] = /\b[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\b/.exec(bodies) ?? [];
  expect(enrolment).not.toBe('');
  secrets.set('code to enrol', enrolment);
  secrets.set('code to enrol without dashes', enrolment.replaceAll('-', ''));

  const chosen = planted['password chosen at enrolment'];
  const refused = await terminal(enrolling(chosen, { 'Code to enrol': planted['wrong enrolment code'] }))('enrol', 'bert');
  expect(refused.code).toBe(3);
  // what its owner is shown once on their own screen is theirs; it must stand nowhere else
  const { code, stdout, stderr } = await terminal(enrolling(chosen, { 'Code to enrol': enrolment }))('enrol', 'bert');
  expect(code).toBe(0);
  keep('standard output', stdout);
  const [, seed = ''] = /secret=([A-Z2-7]+)/.exec(stderr) ?? [];
  expect(seed.length).toBeGreaterThan(20);
  secrets.set('seed as its owner saw it', seed);
  secrets.set('seed in bytes', seedIn(stderr).toString('hex'));
  secrets.set('seed in base64', seedIn(stderr).toString('base64'));
  const recovery = [...stderr.matchAll(/\b[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\b/g)].map(([shown]) => shown);
  expect(recovery.length).toBeGreaterThanOrEqual(8);
  for (const [index, shown] of recovery.entries()) secrets.set(`recovery code ${index}`, shown);
});

test('looking: lists, details and exports', { timeout: 180_000 }, async () => {
  for (const name of ['lena', 'ada']) {
    expect(await login(name)).toBe(0);
    for (const pane of ['users', 'operators', 'sessions', 'sign-ins', 'invites', 'notices', 'inbox', 'audit', 'settings'])
      for (const form of ['--json', '--csv']) await bursar({}, pane, 'list', form);
    for (const [pane, record] of [
      ['users', 'jojo'],
      ['operators', 'bert'],
      ['notices', '1'],
      ['inbox', '1'],
    ] as const)
      await bursar({}, pane, 'show', record);
    await bursar({}, 'doctor', '--json');
    expect(await bursar({}, 'logout')).toBe(0);
  }
});

/** All files below a folder. */
const filesIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .map(entry => path.join(folder, entry))
        .filter(file => statSync(file).isFile())
    : [];

test('none of it stands anywhere afterwards', { timeout: 120_000 }, async () => {
  for (const file of filesIn(bank.home)) {
    const [folder = ''] = path.relative(bank.home, file).split(path.sep);
    if (!['keys', 'login'].includes(folder)) keep(`files of the home: ${folder}`, readFileSync(file, 'utf8'));
  }
  const logs = filesIn(path.join(inject('serverFolder'), 'cluster', 'logs'));
  for (const file of logs) keep(logOfServer, readFileSync(file, 'utf8'));
  const tables = await keepTables();
  const statements = await bank.rows(
    `SELECT application_name || ' ' || query AS shown FROM pg_stat_activity WHERE pid <> pg_backend_pid()`,
  );
  keep('statements under way', statements.map(({ shown }) => String(shown)).join('\n'));

  const hits = [...found].flatMap(([where, text]) =>
    [...secrets].flatMap(([what, secret]) => {
      const isCode = /^\d{6}$/.test(secret);
      // the log is that of all tests' databases, and full of numbers
      if (isCode && where === logOfServer) return [];
      // six digits stand in longer numbers and in hashes as well
      const isThere = isCode ? new RegExp(`(?<![\\w.])${secret}(?!\\w)`).test(text) : text.includes(secret);
      return isThere || text.includes(Buffer.from(secret).toString('hex')) ? [`${where}: ${what}`] : [];
    }),
  );
  report('secrets of access', {
    secrets: secrets.size, places: found.size, tables, 'files of the home': filesIn(bank.home).length,
    characters: [...found.values()].join('').length, hits: hits.length,
  }); // prettier-ignore
  expect(hits).toEqual([]);
  expect([...found.keys()]).toEqual(
    expect.arrayContaining([
      logOfServer,
      'standard output',
      'standard error',
      'files of the home: debug.log',
      'table ops.audit',
      'table ops.notice',
    ]),
  );
});
