import type { Direct } from '../database/direct.ts';
import { readHead } from '../database/audit-chain.ts';
import { migrationStatus } from '../database/migrate.ts';
import { missingExtensions, probeBank, probeServer, unbalancedAccounts, type Staff } from '../database/probe.ts';
import { oldestPostgres } from '../database/setup.ts';
import { fail, ok, warn, type Check } from './check.ts';
import { addressOf, lastAnchor } from './anchors.ts';
import type { CommandContext } from './command.ts';
import { checkDetection } from './check-detection.ts';
import { checkMachines } from './check-machines.ts';
import { checkNotices } from './check-notices.ts';
import { checkRoles } from './check-roles.ts';
import { guardProblems } from './guards.ts';

/** Deadlines follow the database's clock and the screen ours: more than this between them misleads people, in milliseconds. */
const mostSkew = 2_000;
/** Consoles anchor once a minute; after so long nobody has, in milliseconds. */
const staleAnchor = 86_400_000;

const checkServer = async (connection: Direct): Promise<readonly Check[]> => {
  const { version, encoding, skew, roundTrip, standby } = await probeServer(connection);
  return [
    Number.parseInt(version, 10) >= oldestPostgres
      ? ok('database', `Postgres ${version}, answers in ${roundTrip} ms`)
      : fail('database', `Postgres ${version}`, `update it to ${oldestPostgres} or newer`),
    ...(encoding === 'UTF8' ? [] : [fail('encoding', `the database is in ${encoding}`, 'create it with ENCODING UTF8')]),
    ...(standby ? [warn('standby', 'this server only follows another', 'name the primary in DATABASE_URL to change anything')] : []),
    Math.abs(skew) <= mostSkew
      ? ok('clock', `${skew} ms beside the database's`)
      : warn('clock', `${(skew / 1_000).toFixed(1)} s beside the database's`, 'let both follow a time server'),
  ];
};

const checkMigrations = async (connection: Direct, migrations: string): Promise<readonly Check[]> => {
  const { applied, pending, failed, edited, unknown } = await migrationStatus(connection, migrations);
  return [
    ...failed.map(({ name }) => fail('migrations', `${name} failed`, 'run "bursar migrate", which says how to go on')),
    ...edited.map(name => fail('migrations', `${name} was changed after it was applied`, 'restore the file and write a new migration')),
    ...unknown.map(name => fail('migrations', `${name} is not known to this program`, 'update Bursar')),
    pending.length === 0
      ? ok('migrations', `${applied.length} applied`)
      : fail(
          'migrations',
          `${pending.length} pending`,
          'run "bursar migrate", or where an older backup was restored "bursar maintain migrations --what apply" on its host',
        ),
  ];
};

const checkAudit = async (connection: Direct, { config }: CommandContext): Promise<Check> => {
  const head = await readHead(connection);
  const last = await lastAnchor(config.home, addressOf(config));
  const message = `head is row ${head.seq} ${head.hash.slice(0, 16)}`;
  if (!last)
    return head.seq === 0n ? ok('audit', 'the log is empty') : warn('audit', `${message}, never anchored`, 'run "bursar audit verify"');
  const age = Date.now() - Date.parse(last.at);
  if (last.seq > head.seq) return fail('audit', `${message}, but row ${last.seq} was noted at ${last.at}`, 'run "bursar audit verify"');
  return age > staleAnchor && last.hash !== head.hash
    ? warn('audit', `${message}, last noted at ${last.at}`, 'run "bursar audit verify"')
    : ok('audit', `${message}, noted at ${last.at}`);
};

const checkGuards = async (connection: Direct, migrations: string): Promise<readonly Check[]> => {
  const problems = await guardProblems(connection, migrations);
  if (problems.length === 0) return [ok('guards', 'functions and triggers are as the migrations made them')];
  return problems.map(problem => fail('guards', problem, 'find out who changed it; restore it from the migrations'));
};

const checkStaff = ({ demo, operators, administrators }: Staff): Check => {
  if (demo) return ok('operators', `demo bank, ${operators} operators`);
  if (administrators === 0)
    return warn('operators', 'nobody can sign in yet', 'run "bursar operators found NAME" as the owner of the database');
  const who = `${operators} operators, ${administrators} administrators`;
  return administrators === 1
    ? warn('operators', `${who}: what takes two administrators waits for ever`, 'run "bursar operators found NAME" for a second one')
    : ok('operators', who);
};

const checkBank = async (connection: Direct): Promise<readonly Check[]> => {
  const unbalanced = await unbalancedAccounts(connection);
  return [
    unbalanced.length === 0
      ? ok('balances', 'every balance is the sum of its transactions')
      : fail('balances', `not the sum of its transactions: ${unbalanced.join(', ')}`, 'freeze these accounts and find out who wrote them'),
    checkStaff(await probeBank(connection)),
  ];
};

/** What a connection shows; after a migration that is not there nothing further can be looked at. */
export const checkDatabase = async (connection: Direct, context: CommandContext): Promise<readonly Check[]> => {
  const server = await checkServer(connection);
  const migrations = await checkMigrations(connection, context.migrations);
  const so = [...server, ...migrations];
  if (migrations.some(({ message }) => message.endsWith('pending'))) return so;
  const missing = await missingExtensions(connection);
  return [
    ...so,
    missing.length === 0
      ? ok('extensions', 'all there')
      : fail('extensions', `${missing.join(', ')} missing`, `run CREATE EXTENSION ${missing.join(', ')} as the owner`),
    ...(await checkGuards(connection, context.migrations)),
    ...(await checkRoles(connection, context.config)),
    await checkAudit(connection, context),
    ...(await checkBank(connection)),
    ...(await checkNotices(connection, context.config.notices)),
    await checkDetection(connection),
    ...(await checkMachines(connection)),
  ];
};
