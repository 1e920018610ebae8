import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { setSchedulePaused, type ScheduleRow } from './queries.ts';
import { jobFor, JobId, jobTarget, whyNotPause, whyNotResume } from './target.ts';

const input = z.object({ id: JobId, note: Note });
const common = { permission: 'schedule.edit', eyes: 1, danger: 'plain', verb: 'update', entity: 'schedule', input } as const;
const back = (action: string, job: ScheduleRow, note: string) => [
  { action, input: { id: String(job.id), note: `undone: ${note}`.slice(0, 2_000) } },
];

export const pauseJob = defineAction({
  ...common,
  id: 'schedule.pause',
  title: 'Pause job',
  past: 'paused',
  gather: ({ id }, context) => jobFor(id, context, whyNotPause),
  target: jobTarget,
  preview: job => [
    `${job.name} (${job.title}) is executed by nobody until it is resumed, also not by a daemon`,
    'what is being executed now goes on; it can still be asked for now',
    'what falls into the pause is not made up for, and is not reported as missed',
  ],
  execute: async (job, _input, { db }) => {
    await setSchedulePaused(db, job, true);
    return { summary: `paused ${job.name}`, old: { paused: false }, new: { paused: true } };
  },
  waysBack: (job, { note }) => back('schedule.resume', job, note),
});

export const resumeJob = defineAction({
  ...common,
  id: 'schedule.resume',
  title: 'Resume job',
  past: 'resumed',
  gather: ({ id }, context) => jobFor(id, context, whyNotResume),
  target: jobTarget,
  preview: job => [`${job.name} (${job.title}) is executed again when it is due: ${job.cron} in ${job.timeZone}`],
  execute: async (job, _input, { db }) => {
    await setSchedulePaused(db, job, false);
    return { summary: `resumed ${job.name}`, old: { paused: true }, new: { paused: false } };
  },
  waysBack: (job, { note }) => back('schedule.pause', job, note),
});
