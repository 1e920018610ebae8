import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { HostName } from '../domain/remote-host.ts';
import { defineRunbook } from '../kit/define-runbook.ts';
import { looking, namesOf, upkeepOf } from './upkeep.ts';

/** What the guide wants to be kept by the week: the newest thousand rows of the log, and how large everything is. */
export const weeklyExport = defineRunbook({
  ...looking,
  id: 'weekly-export',
  title: 'Weekly export',
  past: 'exported',
  version: '1',
  whenAborted: 'the files of the week before, or the new ones, whole',
  input: z.object({ host: HostName.meta({ title: 'Host of the database' }), note: Note }),
  gather: ({ host }, context) => upkeepOf([host], context),
  target: namesOf,
  preview: (_upkeep, { host }) => [
    `weekly_activity.json (1,000 rows of the log) and weekly_stats.json are written on ${host}, for its owner alone`,
    'what stood there from the week before is replaced; its size is compared with first',
  ],
  steps: (_upkeep, { host }) => [{ title: 'weekly export', host, words: ['bursar', 'maintain', 'weekly-export'], timeoutSeconds: 600 }],
});
