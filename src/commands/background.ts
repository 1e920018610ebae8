import type { Config } from '../config.ts';
import { startTraffic } from '../demo/traffic.ts';
import { keepDetecting } from '../detection/keep.ts';
import { rules } from '../detection/rules.ts';
import { keepLooking } from '../kit/keep-looking.ts';
import type { Session } from '../kit/session.ts';
import type { Channels } from '../notices/channel.ts';
import { keepDelivering } from '../notices/deliver.ts';
import { jobs } from '../schedule/jobs.ts';
import { keepScheduling, type KeepSchedulingOptions } from '../schedule/keep.ts';
import { keepAnchoring } from './audit-anchor.ts';
import type { Log } from './debug-log.ts';
import { keepExecuting } from './execute-runs.ts';
import { serveDemoHost } from './demo-host.ts';
import { explain } from './explain.ts';
import type { Bank } from './open-session.ts';
import { keepHealth } from './measure.ts';
import { credentialsOf } from './remote-credentials.ts';
import { checksOf } from './scheduled-checks.ts';

/** Between two looks at the outbox, in milliseconds. */
const deliverEvery = 5_000;
/** Between two looks of the rules at what was posted, and before the first one, in milliseconds. */
const detectEvery = 60_000;
const detectAfter = 10_000;
/** Between two looks whether the bank is of another schema, in milliseconds. */
const schemaEvery = 5_000;
/** Between two counts of security events, and before the first one, in milliseconds. */
const gatherEvery = 60_000;
const gatherAfter = 5_000;

export type Busy = {
  readonly bank: Bank;
  /** Who is signed in now: another person may take over the screen. */
  readonly session: () => Session;
  readonly config: Config;
  /** The folder `prisma/migrations`. */
  readonly migrations: string;
  readonly channels: () => Promise<Channels>;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Hears of the schedule, where somebody wants to. */
  readonly told?: Partial<Pick<KeepSchedulingOptions, 'onExecuted' | 'onMissed' | 'onError'>> & {
    /** Migrations that wait since an older backup was restored; 0 when they are applied. */
    readonly onLacking?: (count: number) => void;
  };
};

const deliver = async ({ session, channels, signal, log }: Busy): Promise<void> =>
  keepDelivering(() => session().outbox, await channels(), {
    signal,
    everyMs: deliverEvery,
    onError: error => log.write('delivering notices failed', { error }),
  });

const watchOver = ({ session, signal, log }: Busy): Promise<void> =>
  keepDetecting(() => session().watch, rules, {
    signal,
    firstAfterMs: detectAfter,
    everyMs: detectEvery,
    onRun: ({ results }) => {
      for (const { rule, error } of results) if (error !== undefined) log.write('a rule failed', { rule: rule.id, error });
    },
    onError: error => log.write('detection failed', { error }),
  });

const gather = ({ session, signal, log }: Busy): Promise<void> =>
  keepLooking(async () => session().securityWatch?.gather(), {
    signal,
    firstAfterMs: gatherAfter,
    everyMs: gatherEvery,
    onError: error => log.write('counting security events failed', { error }),
  });

const measure = ({ session, config, signal, log }: Busy): Promise<void> => {
  const credentials = credentialsOf(config);
  return keepHealth({
    session,
    config,
    credentialsFor: credentials.ok ? credentials.value : undefined,
    signal,
    onError: error => log.write('measuring health failed', { error }),
  });
};

/** Whoever has a key for hosts executes what waits for them. */
const execute = async ({ session, config, signal, log }: Busy): Promise<void> => {
  const credentials = credentialsOf(config);
  if (!credentials.ok) return;
  await keepExecuting(() => session().runs, credentials.value, {
    signal,
    onError: error => log.write('executing a run failed', { error }),
  });
};

const keepTime = ({ bank, session, config, migrations, signal, log, told = {} }: Busy): Promise<void> =>
  keepScheduling(session, jobs, {
    signal,
    checks: checksOf(bank.url, { config, migrations }),
    explain: error => explain(error).refusal.message,
    onExecuted: executed => {
      if (executed.ended !== 'succeeded') log.write('a job did not succeed', executed);
      told.onExecuted?.(executed);
    },
    onMissed: (job, due) => {
      log.write('a job was missed', { job, ...due });
      told.onMissed?.(job, due);
    },
    onError: error => {
      log.write('the schedule failed', { error });
      told.onError?.(error);
    },
  });

/** Looks whether an older backup was restored; until its migrations are applied nothing is done by the clock. Runs go on: one of them restored it. */
const restWhileLacking = (busy: Busy): { readonly looking: Promise<void>; readonly session: () => Session } => {
  const { session, signal, log, told = {} } = busy;
  let lacks = 0;
  const look = async (): Promise<void> => {
    const before = lacks;
    lacks = (await session().presence?.lacking()) ?? 0;
    if (lacks !== before) told.onLacking?.(lacks);
  };
  const onError = (error: unknown): void => log.write('looking at the schema failed', { error });
  return {
    looking: keepLooking(look, { signal, firstAfterMs: schemaEvery, everyMs: schemaEvery, onError }),
    session: () => {
      if (lacks === 0) return session();
      const { outbox: _outbox, watch: _watch, securityWatch: _securityWatch, schedule: _schedule, health: _health, ...rest } = session();
      return rest;
    },
  };
};

/**
 * What a console does beside its screen until the signal: it anchors the audit log, delivers notices, counts security events, measures health, has the rules look at what was posted, executes runs on hosts
 * and what is due by the schedule, and in a demo bank one of them makes the traffic.
 */
export const keepBusy = async (given: Busy): Promise<void> => {
  const { looking, session } = restWhileLacking(given);
  const busy: Busy = { ...given, session };
  const { bank, config, signal, log } = busy;
  const { url, platformUrl } = bank;
  const { environment, readOnly } = session();
  const isDemo = environment.demo && readOnly === undefined;
  if (isDemo && platformUrl === undefined) log.write('no traffic', { why: 'nobody named a login of bursar_platform' });
  await Promise.all([
    looking,
    keepAnchoring(url, config, signal, trouble => log.write('anchoring failed', { trouble })),
    deliver(busy),
    watchOver(busy),
    gather(busy),
    measure(busy),
    execute(busy),
    keepTime(busy),
    isDemo ? serveDemoHost(busy) : undefined,
    isDemo && platformUrl !== undefined
      ? startTraffic(platformUrl, {
          perSecond: config.traffic,
          cases: config.trafficCases,
          signal,
          onError: error => log.write('traffic failed', { error }),
        })
      : undefined,
  ]);
};
