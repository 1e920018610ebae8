import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cheatSheet } from '../../scripts/cheat-sheet/markdown.ts';

test('docs/keys.md says what the key table says; npm run keys writes it', () => {
  expect(readFileSync('docs/keys.md', 'utf8')).toBe(cheatSheet());
});
