import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { runScheduleNow } from './queries.ts';
import { jobFor, JobId, jobTarget, whyNotNow } from './target.ts';

export const runJobNow = defineAction({
  id: 'schedule.run-now',
  title: 'Run job now',
  past: 'asked for',
  permission: 'schedule.run',
  eyes: 1,
  danger: 'plain',
  verb: 'update',
  entity: 'schedule',
  input: z.object({ id: JobId, note: Note }),
  irreversible: 'what it does is done; when it is due next stays as it is',
  gather: ({ id }, context) => jobFor(id, context, whyNotNow),
  target: jobTarget,
  preview: job => [
    `${job.name} (${job.title}) is executed once, within seconds, by a console or daemon of somebody who has the permission ${job.permission}`,
    `it does this: ${job.words}`,
  ],
  execute: async (job, _input, { db }) => {
    await runScheduleNow(db, job);
    return { summary: `asked for ${job.name} now`, new: { asked: true } };
  },
});
