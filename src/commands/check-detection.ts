import type { Direct } from '../database/direct.ts';
import { probeDetection } from '../database/probe.ts';
import { formatInstant } from '../domain/day.ts';
import { ok, warn, type Check } from './check.ts';

/** Whether somebody has the rules look at what is posted. */
export const checkDetection = async (connection: Direct): Promise<Check> => {
  const { demo, seenUntil, behind } = await probeDetection(connection);
  const seen =
    seenUntil === null ? 'the rules have not looked yet' : `the rules have seen everything until ${formatInstant(seenUntil)} UTC`;
  if (demo || !behind) return ok('detection', seen);
  return warn('detection', seen, 'leave a console open, or run "bursar detect run" by a timer');
};
