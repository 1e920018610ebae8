import { renderToString } from 'ink';
import { expect } from 'vitest';
import { columnsOf } from '../../src/domain/safe-text.ts';
import { frameOf } from '../../src/tui/frame.ts';
import { Screen } from '../../src/tui/screen.tsx';
import type { State } from '../../src/tui/state/types.ts';
import { unpainted } from '../../src/tui/theme.ts';

/** What no line may hold: controls, and whatever hides, reorders or draws in no column of its own. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const outsideAllowList = /[\u0000-\u001F\u007F-\u009F\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** The screen as a person reads it, without colours; checked to fit and to hold nothing that a terminal would obey. */
export const pictureOf = (state: State): string => {
  const { columns, rows } = state.size;
  const lines = renderToString(<Screen state={state} lines={frameOf(state)} onText={() => undefined} />, { columns }).split('\n');
  const plain = lines.map(unpainted);
  expect(plain.length).toBe(rows);
  for (const line of plain) {
    expect(line).not.toMatch(outsideAllowList);
    expect([line, columnsOf(line) <= columns]).toEqual([line, true]);
  }
  return `${plain.map(line => line.trimEnd()).join('\n')}\n`;
};

/** Compares the picture with the one that is kept; `-u` keeps the new one, to be looked at before it is committed. */
export const expectGolden = async (name: string, state: State): Promise<void> => {
  const { columns, rows } = state.size;
  await expect(pictureOf(state)).toMatchFileSnapshot(`./frames/${name}-${columns}x${rows}.txt`);
};
