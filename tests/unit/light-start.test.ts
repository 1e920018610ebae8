import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const out = join(import.meta.dirname, '../../out');

/** What a file of the built program imports before it runs itself. */
const importsOf = (file: string): readonly string[] =>
  [...readFileSync(join(out, file), 'utf8').matchAll(/^(?:import|\} from|export .*from)\s*"\.\/([^"]+\.js)";$/gm)].map(
    ([, name = '']) => name,
  );

/** The sources in all that is read and evaluated before the first line of `main.ts`: the bundler names each above its text. */
const readBefore = (entry: string): { readonly sources: readonly string[]; readonly bytes: number } => {
  const files = new Set([entry]);
  for (const file of files) for (const imported of importsOf(file)) files.add(imported);
  const texts = [...files].map(file => readFileSync(join(out, file), 'utf8'));
  return {
    sources: texts.flatMap(text => [...text.matchAll(/^\s*\/\/ ((?:src|\S*node_modules)\/\S+)$/gm)].map(([, name = '']) => name)),
    bytes: texts.reduce((sum, text) => sum + text.length, 0),
  };
};

const { sources, bytes } = readBefore('main.js');

test('the first frame is among what is loaded first', () => {
  expect(sources).toContain('src/main.ts');
  expect(sources).toContain('src/tui/first-frame.ts');
});

test.each([
  ['Ink, React and Yoga', /node_modules\/(ink|ink-[^/]+|react|react-[^/]+|yoga-layout)\//],
  ['Prisma and pg', /node_modules\/(@prisma\/|pg|pg-[^/]+)\/?|src\/database\/generated\//],
  ['SSH, mail and schedules', /node_modules\/(ssh2|nodemailer|node-cron)\//],
  ['the guesses of passwords', /zxcvbn|password-guesses/],
  ["zod's other languages", /zod\/v4\/locales\/(?!(?:en|index)\.js)/],
  [
    'panes, actions, runbooks and commands',
    /src\/(resources|runbooks|detection|maintenance|demo|schedule|notices|remote)\/|src\/commands\/registry/,
  ],
])('%s are loaded behind the first frame', (_, heavy) => {
  expect(sources.filter(source => heavy.test(source))).toEqual([]);
});

test('what is read before the first frame stays small', () => {
  // 0.5 MB as this is written; 2.2 MB when panes and actions were among it
  expect(bytes).toBeLessThan(600_000);
});
