import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { endMaintenance, extendMaintenance, presentNow } from './queries.ts';
import { Lasting, MaintenanceId, openWindow, presentTable, secondsOf, windowTarget, windowWords } from './target.ts';

const common = { permission: 'maintenance.edit', eyes: 1, danger: 'typed', verb: 'update', entity: 'maintenance' } as const;

export const extendWindow = defineAction({
  ...common,
  id: 'maintenance.extend',
  title: 'Extend maintenance mode',
  past: 'extended',
  input: z.object({ id: MaintenanceId, for: Lasting, note: Note }),
  irreversible: 'it is not made shorter again; it can be ended',
  gather: async ({ id, for: span }, context) => {
    const seconds = secondsOf(span);
    if (!seconds.ok) return seconds;
    const window = await openWindow(id, context);
    if (!window.ok) return window;
    const until = new Date(window.value.until.getTime() + seconds.value * 1_000);
    return done({ window: window.value, seconds: seconds.value, until, present: await presentNow(context.db) });
  },
  target: ({ window }) => windowTarget(window),
  preview: ({ window, until }) => [
    `maintenance ends at ${formatInstant(until)} UTC instead of ${formatInstant(window.until)}`,
    'where the platform reads a file, the runbook maintenance-on writes the new end (x f)',
  ],
  evidence: ({ present }) => [presentTable(present)],
  execute: async ({ window, seconds, until }, _input, { db }) => {
    await extendMaintenance(db, window, seconds);
    return { summary: `maintenance is extended to ${formatInstant(until)} UTC`, old: { until: window.until }, new: { until } };
  },
});

export const endWindow = defineAction({
  ...common,
  id: 'maintenance.end',
  title: 'End maintenance mode',
  past: 'ended',
  input: z.object({ id: MaintenanceId, note: Note }),
  irreversible: 'people are let in at once; maintenance can be started again',
  gather: ({ id }, context) => openWindow(id, context),
  target: windowTarget,
  preview: window => [
    window.state === 'on'
      ? `everybody is let in again at once, before ${formatInstant(window.until)} UTC`
      : `the maintenance of ${windowWords(window)} is cancelled`,
    'where the platform reads a file, the runbook maintenance-off takes it away (x o); it means nothing after its end in any case',
  ],
  execute: async (window, _input, { db }) => {
    await endMaintenance(db, window);
    return {
      summary: window.state === 'on' ? 'maintenance is over' : 'planned maintenance is cancelled',
      old: { state: window.state },
      new: { ended: true },
    };
  },
});
