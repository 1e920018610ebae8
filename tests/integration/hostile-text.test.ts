import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLog } from '../../src/commands/debug-log.ts';
import { csvLine, exportedRow, toJson } from '../../src/kit/export.ts';
import { resources } from '../../src/resources/registry.ts';
import type { Bank } from '../support/acting.ts';
import { aCommandHome, launchCommand } from '../support/command.ts';
import { bytesFrom, harmIn } from '../support/harmless.ts';
import { aHostileBank, hostileCorrelation, hostileTexts } from '../support/hostile-bank.ts';
import { full, report, seed } from '../support/reliability.ts';
import { signedIn } from '../support/session.ts';

const strings = full ? 100_000 : 2_000;

/** All with the full counts; else each pane in one of two machine-readable formats and a third of its first records, by the seed: every pane is in it. */
const isInShare = (index: number, of: number): boolean => full || (index + seed) % of === 0;

let bank: Bank;
let home = '';
const figures = { outputs: 0, bytes: 0, 'outside the allow-list': 0 };

beforeAll(async () => {
  home = aCommandHome();
  bank = await aHostileBank();
});
afterAll(async () => {
  report('hostile text', { ...figures, seed });
  await bank[Symbol.asyncDispose]();
});

const counted = (text: string): string => {
  figures.outputs += 1;
  figures.bytes += Buffer.byteLength(text);
  return text;
};

const expectHarmless = (text: string, lineEnd?: '\r\n'): void => {
  const harm = harmIn(counted(text), lineEnd);
  if (harm !== undefined) figures['outside the allow-list'] += 1;
  expect(harm).toBeUndefined();
};

/** The cells of RFC 4180. */
const cellsOf = (csv: string): readonly (readonly string[])[] =>
  csv
    .split('\r\n')
    .filter(line => line !== '')
    .map(line =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell = '']) => cell.replace(/^"([^]*)"$/, '$1').replaceAll('""', '"')),
    );

/** What a spreadsheet runs; full-width signs count in some of them. A number is only a number. */
const isFormula = (cell: string): boolean => /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(cell) && !/^[+-][\d.,]*$/.test(cell);

/** Lists that need to be asked for something. */
const asked: Readonly<Record<string, readonly string[]>> = { trace: [hostileCorrelation] };

describe.each(resources.map(({ id }, index) => [id, index] as const))('%s list', (id, index) => {
  const listed = async (columns: number | undefined, ...flags: string[]): Promise<string> => {
    const where = { url: bank.url, home, ...(columns === undefined ? {} : { columns }) };
    const { code, stdout, stderr } = await bytesFrom(where, id, 'list', ...(asked[id] ?? []), '--limit', '500', ...flags);
    // nobody waits for a lock here
    expect({ code, stderr: id === 'locks' ? stderr.replace('no rows\n', '') : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  };

  // Without a width the same cells are only padded more
  test.each(full ? [[undefined], [120]] : [[120]])('as a table, %s columns wide', async columns =>
    expect(harmIn(counted(await listed(columns)))).toBeUndefined(),
  );
  const formats = [
    ['--json', undefined, (text: string) => (JSON.parse(text) as { resource: string }).resource === id],
    ['--csv', '\r\n', (text: string) => !cellsOf(text).flat().some(isFormula)],
  ] as const;
  test.each(formats.filter((_, format) => isInShare(index + format, 2)))('%s', async (flag, lineEnd, isWell) => {
    const text = await listed(undefined, flag);
    expectHarmless(text, lineEnd);
    expect(isWell(text)).toBe(true);
  });
});

test('--json holds every text as it was written', async () => {
  const { stdout } = await bytesFrom({ url: bank.url, home }, 'transactions', 'list', '--limit', '500', '--json');
  const { rows } = JSON.parse(stdout) as { rows: { description: string; counterparty: string }[] };
  expect(rows.map(row => row.description)).toEqual(expect.arrayContaining([...hostileTexts]));
});

test('every record of every pane is shown, as text and as JSON', async () => {
  await using bankSession = await signedIn(bank.url);
  const { session } = bankSession;
  for (const [pane, resource] of resources.entries()) {
    if (resource.id === 'overview') continue;
    const { rows } = await session.list(resource, { terms: [], sort: resource.page.defaultSort, limit: 500 });
    for (const row of rows.filter((_, index) => full || (index < 60 && isInShare(pane + index, 3)))) {
      const detail = await session.detail(resource, row);
      expectHarmless(toJson({ record: exportedRow(row), detail }, 2));
    }
    for (const row of rows.filter((_, index) => full || (index % 20 === 1 && index < 40))) {
      const shown = await bytesFrom({ url: bank.url, home }, resource.id, 'show', `id=${row.id}`);
      expect(shown).toMatchObject({ code: 0, stderr: '' });
      expectHarmless(shown.stdout);
    }
  }
}, 180_000);

test('the report of a case is harmless Markdown', async () => {
  for (const { id } of await bank.rows<{ id: string }>('SELECT id FROM ops.case_file ORDER BY id LIMIT 6')) {
    const report = await bytesFrom({ url: bank.url, home }, 'cases', 'report', id);
    expect(report).toMatchObject({ code: 0, stderr: '' });
    expectHarmless(report.stdout);
    expect(report.stdout).not.toMatch(/<script|\]\(http/);
  }
});

test.each([
  ['accounts', 'list', 'opened=2026-02-30'],
  ['accounts', 'list', 'opened>=0000-00-00'],
  ['transactions', 'list', 'posted=99999999-01-01'],
  ['transactions', 'list', 'since=-1'],
  ['transactions', 'list', 'amount=1.005'],
  ['transactions', 'list', `amount=${'9'.repeat(60)}`],
  ['audit', 'list', 'seq=99999999999999999999999'],
  ['audit', 'list', 'time=\u001b]52;c;eA==\u0007'],
  ['users', 'list', `a\u202e=${'x'.repeat(400)}\u0000`],
  ['users', 'list', 'x'.repeat(1_000)],
  ['users', 'list', 'name=a\u0000b'],
  ['accounts', 'show', '\u001b[2J[ok] frozen'],
  ['accounts', 'show', 'a\u0000b'],
  ['users', 'lock', 'a\ud800b', '--yes'],
  ['accounts', 'list', '--after', '\u001b[2J\u0000'],
  ['accounts', 'list', '--sort', '\u202e'],
  ['accounts', '\u001b[2J'],
  ['\u001b]0;x\u0007'],
  ['accounts', 'list', '--\u200bjson'],
])('%j is refused in a harmless line', async (...args) => {
  const { code, stdout, stderr } = await bytesFrom({ url: bank.url, home }, ...args, '--json');
  expect([2, 3]).toContain(code);
  expect(stderr).toMatch(/^bursar: [^\n]+\n$/);
  expect(stderr).not.toMatch(/encoding|invocation|prisma|\$queryRaw/i);
  expectHarmless(stdout);
  expectHarmless(stderr);
});

test('the real process says nothing else, and its debug log is as harmless', async () => {
  const log = path.join(home, 'debug.log');
  const url = new URL(bank.url);
  url.pathname = '/gone\u202e%1B%5D52;c;eA==%07';
  const hostile = ['\u001b]52;c;eA==\u0007\u202e\u2028', 'accounts\u009b31m'];
  const answers = [
    await launchCommand({ url: bank.url, home, built: true }, '--debug-log', log, ...hostile),
    await launchCommand({ url: url.href, home, built: true }, '--debug-log', log, 'users', 'show', ...hostile.slice(0, 1)),
  ];
  for (const { stdout, stderr } of answers) [stdout, stderr].forEach(text => expectHarmless(text));
  expect(answers.map(({ code }) => code)).toEqual([2, 1]);
  expectHarmless(readFileSync(log, 'utf8'));
});

test(`${strings.toLocaleString('en')} generated strings in JSON, CSV and the log`, () => {
  const file = path.join(home, 'generated.log');
  const log = openLog(file, []);
  const text = fc
    .array(fc.oneof(fc.constantFrom(...hostileTexts), fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 4 })
    .map(parts => parts.join(''));
  fc.assert(
    fc.property(text, value => {
      const json = toJson({ [value]: [value] });
      expect(harmIn(json)).toBeUndefined();
      expect(JSON.parse(json)).toEqual({ [value]: [value] });
      const line = csvLine([value, value]);
      expect(harmIn(line, '\r\n')).toBeUndefined();
      expect(cellsOf(line).flat().filter(isFormula)).toEqual([]);
      log.write(value, { error: new Error(value) });
    }),
    { numRuns: strings, seed },
  );
  log.close();
  expectHarmless(readFileSync(file, 'utf8'));
});
