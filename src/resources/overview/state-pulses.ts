import { gradeTone } from '../../domain/alert.ts';
import { change, sparkline } from '../../domain/sparkline.ts';
import { bytes, countOf, lastDay, ofKind, perDay, perHour, upTo } from './figures.ts';
import { to, type Draft } from './pulse.ts';
import type { Facts } from './queries.ts';

const shortDay = (date: Date | null): string => date?.toISOString().slice(0, 10) ?? '-';

/** What waits, and what was stopped. */
export const accountPulses = ({ stocks, days }: Facts): readonly Draft[] => [
  {
    kind: 'pending',
    topic: 'accounts',
    name: 'Pending accounts',
    value: upTo(stocks.pending),
    trend: sparkline(perDay(days, 'opened')),
    versus: stocks.oldestPending ? `since ${shortDay(stocks.oldestPending)}` : '-',
    tone: stocks.pending > 0 ? 'info' : 'good',
    ...to('accounts', 'status=pending'),
  },
  {
    kind: 'frozen',
    topic: 'accounts',
    name: 'Frozen accounts',
    value: upTo(stocks.frozen),
    trend: sparkline(perDay(days, 'held')),
    versus: `${perDay(days, 'held').reduce((sum, count) => sum + count, 0)} in 30 d`,
    ...to('accounts', 'status=frozen'),
  },
  {
    kind: 'due',
    topic: 'accounts',
    name: 'Holds to review',
    value: upTo(stocks.due),
    trend: '',
    versus: stocks.oldestDue ? `first ${shortDay(stocks.oldestDue)}` : '-',
    tone: stocks.due > 0 ? 'warn' : 'good',
    ...to('accounts', 'due=yes'),
  },
  {
    kind: 'flagged',
    topic: 'accounts',
    name: 'Flagged transactions',
    value: upTo(stocks.flagged),
    trend: sparkline(perDay(days, 'flagged')),
    versus: `${perDay(days, 'flagged').reduce((sum, count) => sum + count, 0)} in 30 d`,
    ...to('transactions', 'flagged=yes'),
  },
  {
    kind: 'alerts',
    topic: 'accounts',
    name: 'Open alerts',
    value: upTo(stocks.alerts),
    trend: sparkline(perDay(days, 'alerted')),
    versus: stocks.topScore === null ? '-' : `highest ${stocks.topScore}`,
    tone: stocks.topScore === null ? 'good' : gradeTone(stocks.topScore),
    ...to('alerts', 'open=yes'),
  },
];

/** Who signs in, and who cannot. */
export const userPulses = ({ stocks, events }: Facts): readonly Draft[] => {
  const failures = ofKind(events, 'login_failure');
  const lockouts = ofKind(events, 'lockout');
  const { now, before } = lastDay(failures);
  return [
    {
      kind: 'failures',
      topic: 'users',
      name: 'Failed logins, 24 h',
      value: countOf(now).toLocaleString('en'),
      trend: sparkline(perHour(failures, cell => cell.count)),
      versus: change(countOf(now), countOf(before)),
      ...to('sign-ins', 'type=login_failure since=24h'),
    },
    {
      kind: 'locked',
      topic: 'users',
      name: 'Locked users',
      value: upTo(stocks.locked),
      trend: sparkline(perHour(lockouts, cell => cell.count)),
      versus: `${countOf(lastDay(lockouts).now)} in 24 h`,
      ...to('users', 'status=locked'),
    },
    {
      kind: 'roles',
      topic: 'users',
      name: 'Users by role',
      value: stocks.users < 0 ? 'not counted yet' : `~${stocks.users.toLocaleString('en')}`,
      trend: '',
      versus: `${stocks.staff.toLocaleString('en')} staff`,
    },
  ];
};

/** What the console itself did, and what it rests on. */
export const consolePulses = ({ stocks, events }: Facts): readonly Draft[] => {
  const rows = ofKind(events, 'audit');
  const { now, before } = lastDay(rows);
  return [
    {
      kind: 'audit',
      topic: 'console',
      name: 'Audit rows today',
      value: countOf(rows.filter(cell => cell.today)).toLocaleString('en'),
      trend: sparkline(perHour(rows, cell => cell.count)),
      versus: change(countOf(now), countOf(before)),
      ...to('audit', 'time=today'),
    },
    {
      kind: 'acts',
      topic: 'console',
      name: 'Operator acts, 24 h',
      value: countOf(now).toLocaleString('en'),
      trend: '',
      versus: `${stocks.operators} ${stocks.operators === 1 ? 'operator' : 'operators'}`,
    },
    { kind: 'size', topic: 'console', name: 'Database size', value: bytes(stocks.bytes), trend: '', versus: '' },
  ];
};
