// `npm run guides`: which rows of docs/GUIDES.md a test in tests/guides proves.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coverageOf, rowsOf, titlesOf, type Row } from './guides/coverage.ts';

const root = join(import.meta.dirname, '..');
const tests = join(root, 'tests/guides');

const rows = rowsOf(readFileSync(join(root, 'docs/GUIDES.md'), 'utf8'));
const titles = (existsSync(tests) ? readdirSync(tests) : [])
  .filter(file => /\.test\.tsx?$/.test(file))
  .flatMap(file => titlesOf(readFileSync(join(tests, file), 'utf8')));
const { covered, unknown } = coverageOf(rows, titles);

const line = (word: string, some: readonly Row[]): void => {
  if (some.length > 0) console.log(`  ${word.padEnd(10)}${some.map(row => row.id).join(' ')}`);
};

for (const guide of new Set(rows.map(row => row.guide))) {
  const its = rows.filter(row => row.guide === guide);
  const done = its.filter(row => covered.has(row.id));
  console.log(`${guide}: ${done.length} of ${its.length}`);
  line(
    'covered',
    done.filter(row => !row.isRefused),
  );
  line(
    'refused',
    done.filter(row => row.isRefused),
  );
  line(
    'open',
    its.filter(row => !covered.has(row.id)),
  );
}

for (const id of unknown) console.error(`tests/guides names ${id}, which docs/GUIDES.md does not have`);
console.log(`\n${covered.size} of ${rows.length} covered`);
process.exitCode = unknown.length > 0 ? 1 : 0;
