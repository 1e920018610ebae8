import { expect, test } from 'vitest';
import { navigationLines } from '../../../src/tui/parts/navigation.ts';
import { panesOf } from '../../../src/tui/state/panes.ts';
import { pictureOf } from '../../support/frame.tsx';
import { aState, inMode, large, small } from '../../support/state.ts';

test('the pane that is open is in the list of panes, however many there are', () => {
  const { registry } = aState(large);
  const panes = panesOf(registry);
  for (const [index, { id, title }] of panes.entries())
    for (const height of [10, 37]) {
      const lines = navigationLines(aState(large, { view: { resource: id } }), 40, height).map(line => line.trimEnd());
      expect(lines.length).toBeLessThanOrEqual(height);
      expect(lines.join('\n')).toContain(`> ${index + 1} ${title}`);
    }
});

test('actions that there is no room for are counted, so that nobody takes those in sight for all', () => {
  const choices = Array.from({ length: 30 }, (_, index) => ({ key: 'x', label: `action ${index + 1}.` }));
  const at = (chosen: number) => pictureOf(inMode(small, { kind: 'actions', choices, chosen }));
  const first = at(0);
  const shown = choices.filter(({ label }) => first.includes(label)).length;
  expect(first).toContain(`${30 - shown} more below`);
  expect([at(29).includes('action 30.'), at(29).includes('more below')]).toEqual([true, false]);
  expect(at(15)).toContain('> x  action 16.');
});
