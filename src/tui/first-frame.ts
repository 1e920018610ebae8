import { startingLines } from './parts/starting.ts';
import { isTooSmall, tooSmallLines } from './parts/too-small.ts';
import { firstStep } from './state/first-step.ts';
import { layoutOf } from './state/layout.ts';
import type { Size } from './state/types.ts';
import { paint } from './theme.ts';

/**
 * What stands on the screen before anything else is loaded: the frame of a state of which nothing is known yet, made without it. Whatever
 * this file imports delays it.
 */
export const firstFrame = (size: Size, now: number): readonly string[] => {
  if (isTooSmall(size)) return tooSmallLines(size);
  const { columns, rows } = size;
  const { status, flash, hints } = layoutOf(size);
  const name = ' BURSAR ';
  const clock = `${new Date(now).toISOString().slice(11, 16)}Z`;
  return [
    paint(name, 'calm') + ' '.repeat(columns - name.length - clock.length) + clock,
    ...startingLines(firstStep, columns, rows - 1 - status - flash - hints),
    ...Array.from({ length: status + flash }, () => ''),
    ...(hints > 0 ? [`${paint('^C', 'title')} leaves`] : []),
  ];
};
