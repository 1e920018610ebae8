import { migrate, migrationStatus } from '../database/migrate.ts';
import { applyRights, rolesExist } from '../database/rights.ts';
import { readSetup } from '../database/setup.ts';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { defaultTransactions, fewestTransactions, mostTransactions } from '../demo/scale.ts';
import { seedDemo, type DemoOptions } from '../demo/seed-demo.ts';
import { startTraffic } from '../demo/traffic.ts';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import { addressOf, beginAnew } from './anchors.ts';
import type { Command, CommandContext } from './command.ts';
import { loginsOf } from './logins.ts';
import { NotReady } from './not-ready.ts';
import { tellSteps } from './progress.ts';
import { findDatabase, withConnection, type Address } from './with-database.ts';

type Flags = Readonly<Record<string, string>>;

const numberIn = (flags: Flags, name: string, lowest: number, highest: number): Outcome<number | undefined> => {
  const typed = flags[name];
  if (typed === undefined) return done(undefined);
  const value = /^\d{1,12}(\.\d{1,3})?$/.test(typed) ? Number(typed) : Number.NaN;
  return value >= lowest && value <= highest
    ? done(value)
    : invalid(
        `--${name} "${safe(typed, { max: 40 })}" cannot be`,
        `write a number from ${lowest.toLocaleString('en')} to ${highest.toLocaleString('en')}`,
      );
};

/** Numbers that may be given, each from its lowest to its highest. */
const limits = {
  scale: [fewestTransactions, mostTransactions],
  seed: [0, 2 ** 31],
  'audit-rows': [0, 10_000_000],
  traffic: [0, 5_000],
} as const;

const numbersIn = (flags: Flags): Outcome<ReadonlyMap<string, number>> => {
  const numbers = new Map<string, number>();
  for (const [name, [lowest, highest]] of Object.entries(limits)) {
    const read = numberIn(flags, name, lowest, highest);
    if (!read.ok) return read;
    if (read.value !== undefined) numbers.set(name, name === 'traffic' ? read.value : Math.round(read.value));
  }
  return done(numbers);
};

const bankOf = (numbers: ReadonlyMap<string, number>, replace: boolean): DemoOptions => {
  const [transactions, seed, auditRows] = ['scale', 'seed', 'audit-rows'].map(name => numbers.get(name));
  return {
    replace,
    ...(transactions === undefined ? {} : { transactions }),
    ...(seed === undefined ? {} : { seed }),
    ...(auditRows === undefined ? {} : { auditRows }),
  };
};

/** Gives a new database its tables; one that somebody uses is theirs to migrate. True where a demo bank is there already. */
const prepare = ({ url, embedded }: Address, migrations: string): Promise<boolean> =>
  withConnection(url, { name: 'demo', readOnly: false }, async connection => {
    const status = await migrationStatus(connection, migrations);
    if (status.applied.length > 0 && status.pending.length > 0)
      throw new NotReady('this database lacks migrations: run "bursar migrate" first');
    if (status.pending.length > 0) await migrate(connection, migrations);
    if (status.pending.length > 0 && (embedded || (await rolesExist(connection)))) await applyRights(connection);
    return (await readSetup(connection)).demo;
  });

const fill = async (url: string, bank: DemoOptions, json: boolean, { streams, config }: CommandContext): Promise<void> => {
  const tell = tellSteps(streams.say);
  const figures = await seedDemo(url, { ...bank, onProgress: (message, fraction) => tell(`${message} (${Math.round(fraction * 100)} %)`) });
  await beginAnew(config.home, addressOf(config), 'the demo bank was filled anew');
  const { transactions, accounts, users, seconds } = figures;
  const count = (value: number) => value.toLocaleString('en');
  await streams.write(
    json
      ? `${toJson({ ok: true, ...figures }, 2)}\n`
      : `${count(users)} users, ${count(accounts)} accounts, ${count(transactions)} transactions in ${seconds.toFixed(1)} s\n`,
  );
};

/** `bursar demo`: fills an empty database with a demo bank, and can keep it alive. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'fill an empty database with a demo bank, or keep one alive with --traffic',
  flags: [
    {
      name: 'scale',
      takes: 'N',
      help: `transactions, ${defaultTransactions.toLocaleString('en')} unless said, ${mostTransactions.toLocaleString('en')} at most`,
    },
    { name: 'seed', takes: 'N', help: 'the same number makes the same bank' },
    { name: 'replace', help: 'delete the demo bank that is there; never touches any other data' },
    { name: 'traffic', takes: 'RATE', help: 'then post so many transactions a second until interrupted' },
    { name: 'audit-rows', takes: 'N', help: 'invent so many rows of audit, for measurements' },
    { name: 'json', help: 'one JSON document' },
  ],
  run: async ({ words, flags }, context) => {
    const { config, streams, signal, migrations } = context;
    const json = flags['json'] === 'yes';
    const numbers = words.length > 0 ? invalid('demo takes no words', 'see bursar help demo') : numbersIn(flags);
    if (!numbers.ok) return refuse(streams, json, numbers);
    const bank = bankOf(numbers.value, flags['replace'] === 'yes');
    const traffic = numbers.value.get('traffic');
    const address = await findDatabase(config, streams.say, 'owner');
    const { url, release } = address;
    try {
      const there = await prepare(address, migrations);
      if (!there || bank.replace || traffic === undefined) await fill(url, bank, json, context);
      if (traffic === undefined) return exitCode.done;
      streams.say(`${traffic} postings a second; end it with Ctrl+C`);
      const tell = tellSteps(streams.say);
      await startTraffic((await loginsOf(address, config, false)).platform ?? url, {
        perSecond: traffic,
        cases: config.trafficCases,
        signal,
        onError: error => tell(error instanceof Error ? error.message : String(error)),
        onTurn: mine => !mine && !signal.aborted && tell('another console makes the traffic; this one takes over when it ends'),
      });
      return exitCode.done;
    } finally {
      await release();
    }
  },
};
