import type { Db } from '../../database/client.ts';
import { formatShortInstant } from '../../domain/day.ts';
import { dailyProgress, progressWords } from '../daily-items/queries.ts';
import { newestWaiting } from '../handovers/queries.ts';
import { to, type Draft } from './pulse.ts';

/** What those who work here have to go through: the review of the day, and what the last shift left. */
export const workPulses = async (db: Db): Promise<readonly Draft[]> => {
  const [progress, handover] = await Promise.all([dailyProgress(db), newestWaiting(db)]);
  const isLeft = !progress?.open ? !progress?.today : progress.decided < progress.items;
  return [
    {
      kind: 'review',
      topic: 'console',
      name: 'Daily review',
      value: progress?.open ? `${progress.decided} of ${progress.items}` : progress?.today ? 'closed' : 'not open yet',
      trend: progressWords(progress),
      versus: progress?.day ?? '-',
      tone: isLeft ? 'info' : 'good',
      ...to('daily-items', progress?.open ? 'open=yes decision=undecided' : ''),
    },
    {
      kind: 'handover',
      topic: 'console',
      name: handover ? 'Handover waiting' : 'Handover',
      value: handover ? `#${handover.id} of ${handover.writtenBy}` : 'none waits',
      trend: handover ? formatShortInstant(handover.writtenAt) : '',
      versus: '',
      tone: handover ? 'info' : 'good',
      ...to('handovers', handover ? 'state=waiting' : ''),
    },
  ];
};
