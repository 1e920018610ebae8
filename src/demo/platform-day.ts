import type { EventLevel } from '../domain/event.ts';
import { hour, minute, second } from './bank-days.ts';
import type { Random } from './random.ts';

/** What a part of the platform writes down; times are milliseconds since 1970. */
export type Written = {
  readonly at: number;
  readonly level: EventLevel;
  readonly source: string;
  readonly message: string;
  readonly job?: string;
  readonly user?: string;
  readonly correlation?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
};

const stamp = (at: number): string => new Date(at).toISOString().slice(0, 13).replace('T', '-');

/** Jobs of every hour: mostly they begin and end, and nobody looks. */
const hourly = (at: number, random: Random): readonly Written[] => {
  const job = `standing-orders-${stamp(at)}`;
  const correlation = random.uuid();
  const done = random.between(3, 90);
  const ms = random.between(400, 4_000);
  return [
    { at, level: 'debug', source: 'scheduler', message: 'standing orders begin', job, correlation },
    { at: at + ms, level: 'info', source: 'scheduler', message: `standing orders end: ${done} posted in ${ms} ms`, job, correlation, detail: { posted: done, ms } },
    { at: at + 11 * minute, level: 'debug', source: 'database', message: 'vacuum of bank.auth_event ends', detail: { seconds: random.between(2, 9) } },
    ...(random.chance(0.35)
      ? ([{ at: at + random.between(2, 58) * minute, level: 'warning', source: 'database', message: `slow query: ${random.between(1_100, 6_400)} ms on bank.transaction`, detail: { plan: 'sequential scan' } }] as const)
      : []),
    ...(random.chance(0.25)
      ? ([{ at: at + random.between(2, 58) * minute, level: 'error', source: 'gateway', message: 'GET /statements 502: the document service did not answer', correlation: random.uuid(), detail: { status: 502, retries: 3 } }] as const)
      : []),
    ...(random.chance(0.2)
      ? ([{ at: at + random.between(2, 58) * minute, level: 'warning', source: 'auth', message: 'more sign-ins fail than usual: 14 in 5 min', detail: { failures: 14, minutes: 5 } }] as const)
      : []),
  ]; // prettier-ignore
};

/** A job that failed, was tried again, and came through. */
const statements = (at: number, random: Random): readonly Written[] => {
  const shared = { job: `statements-${stamp(at)}`, correlation: random.uuid() };
  return [
    { ...shared, at, level: 'info', source: 'scheduler', message: 'monthly statements begin: 1,204 to write' },
    { ...shared, at: at + 6 * minute, level: 'error', source: 'documents', message: 'no space left in /statements after 812 files', detail: { free: '0 MB' } },
    { ...shared, at: at + 6 * minute + 2 * second, level: 'critical', source: 'scheduler', message: 'monthly statements failed, 392 are missing', detail: { written: 812, missing: 392 } },
    { ...shared, at: at + 44 * minute, level: 'info', source: 'scheduler', message: 'monthly statements begin again: 392 to write' },
    { ...shared, at: at + 47 * minute, level: 'info', source: 'documents', message: '392 files written' },
    { ...shared, at: at + 47 * minute + second, level: 'info', source: 'scheduler', message: 'monthly statements end' },
  ]; // prettier-ignore
};

const deployment = (at: number, random: Random): readonly Written[] => {
  const shared = { job: 'deploy-2214', correlation: random.uuid(), source: 'deploy' };
  return [
    { ...shared, at, level: 'info', message: 'version 5.2.1 begins: 4 instances' },
    { ...shared, at: at + 90 * second, level: 'info', message: 'instance 1 is healthy' },
    { ...shared, at: at + 4 * minute, level: 'warning', message: 'instance 3 answered its health check after 9 s' },
    { ...shared, at: at + 6 * minute, level: 'info', message: 'version 5.2.1 is live' },
  ];
};

const backup = (at: number, random: Random): readonly Written[] => {
  const shared = { job: `backup-${stamp(at)}`, correlation: random.uuid(), source: 'backup' };
  return [
    { ...shared, at, level: 'info', message: 'nightly backup begins' },
    { ...shared, at: at + 8 * minute, level: 'info', message: 'nightly backup ends: 1.9 GB', detail: { bytes: 1_932_735_283 } },
    { ...shared, at: at + 9 * minute, level: 'info', message: 'the copy outside the house has the same SHA-256' },
  ];
};

/** What the last day of a platform's life leaves in its log, whatever its customers do. */
export const dayOfTheHouse = (now: number, random: Random): readonly Written[] => [
  ...Array.from({ length: 26 }, (_, ago) => hourly(now - ago * hour - 3 * minute, random)).flat(),
  ...backup(now - 11 * hour, random),
  ...statements(now - 9 * hour, random),
  ...deployment(now - 5 * hour - 20 * minute, random),
];
