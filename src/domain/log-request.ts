import { z } from 'zod';
import { LogFiles, logLevels } from './log-lines.ts';
import { HostNames } from './remote-host.ts';
import { wholeNumber } from './whole-number.ts';

/** Newest lines of each log that can be asked for to begin with. */
export const mostLast = 2_000;

/** Logs of hosts that somebody wants to read, as a form or the flags of a command ask for them. */
export const LogRequest = z.object({
  hosts: HostNames.meta({ title: 'Hosts' }),
  file: LogFiles.meta({ title: 'Logs, by their whole path' }),
  level: z.enum(logLevels).optional().meta({ title: 'Level' }),
  words: z.string().min(1).max(200, 'are at most 200 characters').optional().meta({ title: 'Words' }),
  last: wholeNumber(0, mostLast, 'number of lines').default(10).meta({ title: 'Lines to begin with' }),
});
export type LogRequest = z.output<typeof LogRequest>;
