import type { NoticeChannel } from '../domain/notice.ts';

const minute = 60_000;

/** Milliseconds to wait after each failed attempt; after the last there is none. */
const waits: Readonly<Record<NoticeChannel, readonly number[]>> = {
  // greylisting passes within minutes, a mail server is mended within hours
  email: [minute, 2 * minute, 4 * minute, 8 * minute, 16 * minute, 32 * minute, 60 * minute],
  webhook: [10_000, minute, 5 * minute],
  command: [10_000, minute],
};

/** Of each wait, up to this part is added or taken, so that what failed together is not tried again together. */
const jitter = 0.2;

export const attemptsOf = (channel: NoticeChannel): number => waits[channel].length + 1;

/** When to try again after the failed attempt, counted from 1, or undefined when that was the last. `random` is from 0 to 1. */
export const nextAttempt = (channel: NoticeChannel, attempt: number, now: Date, random: number): Date | undefined => {
  const wait = waits[channel][attempt - 1];
  return wait === undefined ? undefined : new Date(now.getTime() + Math.round(wait * (1 + jitter * (2 * random - 1))));
};
