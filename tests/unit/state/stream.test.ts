import { expect, test } from 'vitest';
import { unpainted } from '../../../src/tui/theme.ts';
import { stripLines } from '../../../src/tui/parts/strip.ts';
import { update } from '../../../src/tui/state/update.ts';
import { aState } from '../../support/state.ts';

const wide = { columns: 200, rows: 50 };
const kindsAfterTick = (state: ReturnType<typeof aState>) =>
  update(state, { kind: 'ticked', at: state.now + 1_000 }).effects.map(({ kind }) => kind);
const lines = [{ at: new Date('2026-11-21T09:24:18Z'), text: 'large: deposit  EUR 1,717.00', tone: 'bad' }] as const;

test('the live stream is read once a second where there is room, one at a time, and not while paused', () => {
  expect(kindsAfterTick(aState(wide))).toContain('read-stream');
  expect(kindsAfterTick(aState({ columns: 120, rows: 40 }))).not.toContain('read-stream');
  expect(kindsAfterTick(aState(wide, { stream: { lines: [], reading: true } }))).not.toContain('read-stream');
  expect(kindsAfterTick(aState(wide, { paused: true }))).not.toContain('read-stream');
});

test('what was read for another operator is dropped, and so is what could not be read', () => {
  const state = aState(wide, { stream: { lines: [], reading: true } });
  const by = state.session?.operator.id ?? 0n;
  const read = (answer: { readonly by: bigint; readonly lines: typeof lines | undefined }) =>
    update(state, { kind: 'stream-read', at: state.now, ...answer }).state.stream;
  expect(read({ by, lines })).toEqual({ lines, reading: false });
  expect(read({ by: by + 1n, lines })).toEqual({ lines: [], reading: false });
  expect(read({ by, lines: undefined })).toEqual({ lines: [], reading: false });
});

test('the strip of a wide screen is what was done and what happens, side by side', () => {
  const strip = stripLines(aState(wide, { stream: { lines, reading: false } }), 200, 7).map(unpainted);
  expect(strip[0]).toMatch(/^-- done lately -+ \| -- live -+$/);
  expect(strip[1]).toContain('| 09:24:18  large: deposit  EUR 1,717.00');
  expect(strip.every(line => line.length <= 200)).toBe(true);
});
