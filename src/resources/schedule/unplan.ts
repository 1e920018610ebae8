import { z } from 'zod';
import { Note } from '../../domain/note.ts';
import { defineAction } from '../../kit/define-action.ts';
import { unplanRun } from './queries.ts';
import { jobFor, JobId, jobTarget, whyNotUnplan } from './target.ts';

export const unplanJob = defineAction({
  id: 'schedule.unplan',
  title: 'Unplan run',
  past: 'unplanned',
  permission: 'schedule.edit',
  eyes: 1,
  danger: 'typed',
  verb: 'update',
  entity: 'schedule',
  input: z.object({ id: JobId, note: Note }),
  irreversible: 'it is planned anew like any other; its history stays',
  gather: ({ id }, context) => jobFor(id, context, whyNotUnplan),
  target: jobTarget,
  preview: job => [
    `${job.name} (${job.title}) queues no run any more`,
    'a run that was queued goes on; it is aborted by itself',
    ...(job.plan?.steps ?? []).map(({ host, words }, index) => `${index + 1}. ${host}: ${words.join(' ')}`),
  ],
  execute: async (job, _input, { db }) => {
    await unplanRun(db, job);
    return { summary: `unplanned ${job.name}`, old: { runbook: job.runbook, cron: job.cron }, new: { runbook: null } };
  },
});
