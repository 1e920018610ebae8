import { formatAge } from '../../domain/backup.ts';
import { formatInstant, formatShortInstant } from '../../domain/day.ts';
import type { DetailLine, DetailSection } from '../../kit/define-resource.ts';
import type { DrillSeen, DrillPlan } from '../restores/queries.ts';

const took = ({ seconds }: DrillSeen): string => (seconds === null ? '-' : `${seconds.toLocaleString('en')} s`);

const outcomeOf = ({ succeeded, transactions, finding }: DrillSeen): string =>
  succeeded
    ? `restored and checked, ${(transactions ?? 0).toLocaleString('en')} transactions`
    : `FAILED: ${finding ?? 'no reason was given'}`;

const lastLine = (drill: DrillSeen | undefined): DetailLine => {
  if (!drill) return ['Last', 'no drill was made yet', 'warn'];
  return [
    'Last',
    `${formatInstant(drill.finishedAt)}, ${formatAge(drill.hours)} ago: ${outcomeOf(drill)}`,
    drill.succeeded ? 'good' : 'bad',
  ];
};

const nextLine = ({ name, dueAt, overdue, pausedBy }: DrillPlan): DetailLine => {
  if (pausedBy !== null) return ['Next', `${name} was paused by ${pausedBy}`, 'warn'];
  if (dueAt === null) return ['Next', `${name}: not computed yet, since no console has looked`];
  return overdue ? ['Next', `${formatInstant(dueAt)} by ${name}: OVERDUE`, 'bad'] : ['Next', `${formatInstant(dueAt)} by ${name}`];
};

/** What is known of restores that were rehearsed, and what is planned. */
export type Drills = { readonly last: readonly DrillSeen[]; readonly plans: readonly DrillPlan[] };

/** When a backup was last really restored, which one, how long it took and what came of it; and when the next is due. */
export const drillSection = ({ last, plans }: Drills): DetailSection => ({
  title: 'Restore drills',
  lines: [
    lastLine(last[0]),
    ...(plans.length === 0
      ? [['Next', 'none is planned: bursar schedule plan-defaults plans one for the 1st', 'warn'] satisfies DetailLine]
      : plans.map(nextLine)),
  ],
  ...(last.length === 0
    ? {}
    : {
        table: {
          columns: ['When', 'Took', 'Outcome', 'Backup', 'Host'],
          rows: last.map(drill => [
            formatShortInstant(drill.finishedAt),
            took(drill),
            drill.succeeded ? 'restored' : 'FAILED',
            drill.backup ?? '-',
            drill.host,
          ]),
        },
      }),
});
