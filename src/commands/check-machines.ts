import type { Direct } from '../database/direct.ts';
import { probeMachines } from '../database/probe.ts';
import { formatInstant } from '../domain/day.ts';
import { warnedDays } from '../domain/machine.ts';
import { ok, warn, type Check } from './check.ts';

const day = 86_400_000;

/** Whether what must be done while nobody has signed in is done by a machine whose key still stands for a while. */
export const checkMachines = async (connection: Direct): Promise<readonly Check[]> => {
  const { demo, now, machines, planned } = await probeMachines(connection);
  const ends = machines.filter(({ validUntil }) => validUntil.getTime() - now.getTime() <= warnedDays * day);
  const told = ends.map(({ name, validUntil }) =>
    warn(
      'machines',
      `the key of ${name} ${validUntil <= now ? 'ended' : 'ends'} at ${formatInstant(validUntil)} UTC`,
      `on its host: bursar machines enrol ${name}; then bursar machines rotate ${name}`,
    ),
  );
  if (told.length > 0) return told;
  if (machines.length > 0) return [ok('machines', `${machines.length} with a key that stands`)];
  if (demo || planned === 0) return [ok('machines', 'none')];
  return [
    warn(
      'machines',
      `none, and ${planned} runs are planned: they wait for somebody who has signed in`,
      'add one, as docs/SCHEDULE.md says',
    ),
  ];
};
