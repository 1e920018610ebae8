import { expect, test } from 'vitest';
import { resources } from '../../src/resources/registry.ts';
import { firstFrame } from '../../src/tui/first-frame.ts';
import { frameOf } from '../../src/tui/frame.ts';
import { initialState } from '../../src/tui/state/start.ts';

const now = Date.UTC(2026, 10, 21, 9, 30);

test.each([
  [200, 50],
  [80, 24],
  [40, 12],
  [20, 5],
  [19, 5],
  [12, 3],
])('at %ix%i the frame before everything is loaded is the one after', (columns, rows) => {
  const size = { columns, rows };
  expect(firstFrame(size, now)).toEqual(frameOf(initialState({ registry: { resources, actions: [] }, size, now, seed: 'a' })));
});
