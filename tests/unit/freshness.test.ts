import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inputsOf, isFresh, stampFile } from '../../scripts/build/freshness.mjs';

let root = '';

/** A project whose last build wrote out/main.js from what lies there. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bursar-fresh-'));
  for (const folder of ['src/domain', 'src/database/generated', 'prisma', 'out']) mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['src/main.ts', 'src/domain/money.ts', 'prisma/schema.prisma', 'package-lock.json', 'out/main.js']) {
    writeFileSync(join(root, file), file);
  }
  writeFileSync(stampFile(root), JSON.stringify({ inputs: inputsOf(root), files: ['main.js'] }));
});

afterEach(() => rmSync(root, { recursive: true }));

test('nothing changed', () => {
  expect(isFresh(root)).toBe(true);
});

test('the generated client is no input', () => {
  writeFileSync(join(root, 'src/database/generated/client.ts'), '');
  expect(isFresh(root)).toBe(true);
});

test.each<[string, () => void]>([
  ['a source written', () => writeFileSync(join(root, 'src/domain/money.ts'), 'longer than before')],
  ['a source touched', () => utimesSync(join(root, 'src/main.ts'), 1, 1)],
  ['a source added', () => writeFileSync(join(root, 'src/domain/day.ts'), '')],
  ['a source removed', () => rmSync(join(root, 'src/domain/money.ts'))],
  ['the schema written', () => writeFileSync(join(root, 'prisma/schema.prisma'), '')],
  ['packages changed', () => writeFileSync(join(root, 'package-lock.json'), '')],
  ['the program removed', () => rmSync(join(root, 'out/main.js'))],
  ['the stamp removed', () => rmSync(stampFile(root))],
  ['the generated client removed', () => rmSync(join(root, 'src/database/generated'), { recursive: true })],
])('stale after %s', (_, change) => {
  change();
  expect(isFresh(root)).toBe(false);
});
