import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { nearestFew } from '../../src/domain/nearest.ts';
import { withoutRepeats, withoutResult } from '../../src/domain/run-progress.ts';
import { commandsShown, inFolder, partsOfLine, scriptLine } from '../../src/domain/run.ts';
import { stepLines } from '../../src/kit/runbook-action.ts';
import { wordsToType } from '../../src/kit/typed-words.ts';
import { resultSections } from '../../src/resources/runs/result.ts';
import { runbookActions } from '../../src/runbooks/registry.ts';
import { smallTable } from '../../src/cli/table.ts';
import { verbatim } from '../../src/tui/parts/wrap.ts';
import { unpainted } from '../../src/tui/theme.ts';

const script = '\nset -eu\n  printf "%s" "$1"\n';

test('every word that will run is told: scripts once for all hosts, word for word, with what they are by their hash', () => {
  const steps = ['web1', 'web2'].map(host => ({ title: 'say', host, words: ['sh', '-c', script, 'sh', 'a b', host] as const, timeoutSeconds: 7_200 }));
  const lines = stepLines([...steps, { title: 'back', host: 'web1', words: ['bursar', 'maintain', 'backup', '--run', '{run}'], timeoutSeconds: 90 }]);
  expect(lines).toEqual([
    '1. web1: sh -c (script 1) sh "a b" web1 (at most 2 h)',
    '2. web2: sh -c (script 1) sh "a b" web2 (at most 2 h)',
    '3. web1: bursar maintain backup --run {run} (at most 90 s)',
    '{run} is the id that the run gets',
    `script 1 (sha256 ${createHash('sha256').update(script).digest('hex')}):\nset -eu\n  printf "%s" "$1"`,
  ]);
  expect(partsOfLine(lines.at(-1) ?? '').script).toEqual(['set -eu', '  printf "%s" "$1"']);
}); // prettier-ignore

test('what a name says is no script, whatever it looks like', () => {
  expect(partsOfLine('lost\nlost: 0 transactions')).toEqual({ head: 'lost\nlost: 0 transactions', script: [] });
  const [shown] = commandsShown([['sh', '-c', script]]).scripts;
  const line = shown === undefined ? '' : scriptLine(shown);
  expect(partsOfLine(`NOW: ${line}`)).toMatchObject({ head: expect.stringMatching(/^NOW: script 1 /) as string, script: ['set -eu', '  printf "%s" "$1"'] });
}); // prettier-ignore

test('a program in a folder says what stands around it', () => {
  const { commands, notes } = commandsShown([inFolder('/srv/bank', ['git', 'pull'])]);
  expect(commands).toEqual(['in /srv/bank: git pull']);
  expect(notes.join()).toContain('cd -- ');
});

test('a line that is too wide for the screen goes on behind a colon; not a letter is missing', () => {
  const long = `  awk '${'x'.repeat(90)} { print $1 }' file`;
  const lines = verbatim(['set -eu', long], 60).map(unpainted);
  expect(lines[0]).toBe('    | set -eu');
  expect(lines.slice(1).every((line, index) => line.startsWith(index === 0 ? '    |   awk' : '    : '))).toBe(true);
  const told = lines.slice(1).map(line => line.slice(6)).join(' '); // prettier-ignore
  expect(told.replaceAll(' ', '')).toBe(long.replaceAll(' ', ''));
});

test('what is typed is one idea everywhere: nothing, the label, the label and the environment, or how many', () => {
  const [target, environment] = [{ label: 'db1 bank' }, { name: 'production' }];
  const typed = (danger: 'plain' | 'typed' | 'typed-twice', records = 1) => wordsToType({ danger }, { records, target }, environment);
  expect([typed('plain'), typed('typed'), typed('typed-twice'), typed('typed', 40)]).toEqual(['', 'db1 bank', 'db1 bank production', '40']);
});

test('a runbook that is not there: those that were probably meant', () => {
  const known = runbookActions.map(({ id }) => id.slice('runbooks.'.length));
  expect(nearestFew('bakup', known)).toEqual(['backup']);
  expect(nearestFew('update', known)).toEqual(expect.arrayContaining(['update-application', 'check-update', 'security-update']));
  expect([nearestFew('zzzzzzz', known), nearestFew('', known)]).toEqual([[], []]);
});

test('a log without what was only said again to be further, and without the document at its end', () => {
  expect(withoutRepeats(['1 % rows', '2 % rows', '3 % files', 'done', 'done'])).toEqual(['2 % rows', '3 % files', 'done', 'done']);
  expect(withoutResult(['a', 'result {"b":1}'])).toEqual({ log: ['a'], result: '{"b":1}' });
  expect(withoutResult(['result {"b":1}', 'a']).result).toBeUndefined();
});

test('a result as a person reads it: lists as lines, records as a table, amounts and sizes with their units, hostile text harmless', () => {
  const result = {
    expired: [],
    octets: 3_261_844,
    takenAt: '2026-11-21T15:35:23.876Z',
    name: 'x\u001b[31m',
    verified: true,
    lost: { users: 0, sums: {} },
    balances: { EUR: '830018796' },
    notCarried: ['table a', 'column b'],
    carried: [
      { rows: 5, what: 'IP rules' },
      { rows: 1_051, what: 'granted limits' },
    ],
  };
  const sections = resultSections('Result', result);
  expect(sections.map(({ title }) => title)).toEqual(['Result', 'Result: lost', 'Result: balances', 'Result: carried']);
  expect(sections[0]?.lines).toEqual([
    ['name', 'x␛[31m'],
    ['verified', 'yes'],
    ['taken at', '2026-11-21 15:35:23 UTC'],
    ['octets', '3.3 MB (3,261,844 B)'],
    ['expired', 'none'],
    ['not carried', '- table a'],
    ['', '- column b'],
  ]);
  expect(sections[1]?.lines).toEqual([
    ['users', '0'],
    ['sums', 'none'],
  ]);
  expect(sections[2]?.lines?.[0]?.[1]).toMatch(/8,300,187\.96/);
  const table = sections[3]?.table;
  expect(table && smallTable(table)).toEqual(['what             rows', 'IP rules            5', 'granted limits  1,051']);
});

test('records that are too wide for a table are lines, and a very long list is counted', () => {
  const [wide] = resultSections('Result', {
    readings: [{ bytes: 1_048_576, measure: 'host-disk', subject: '/', words: 'w'.repeat(90), grade: null }],
  });
  expect(wide?.lines).toEqual([['', `- host-disk /: ${'w'.repeat(90)}, bytes 1.0 MB`]]);
  const [long] = resultSections('Result', { such: Array.from({ length: 250 }, (_, index) => `row ${index}`) });
  expect(long?.lines?.at(-1)).toEqual(['', 'and 50 more', 'dim']);
});
