import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { formatValue, gradeOf, healthGroups, shortThreshold, thresholdWords, type Measure } from '../../src/domain/health.ts';
import { measureNamed, measures } from '../../src/domain/health-measures.ts';
import { plainProbes, readingsIn } from '../../src/domain/host-probe.ts';
import { resources } from '../../src/resources/registry.ts';

const rising: Measure = { name: 'disk', group: 'host', title: 'Disk', unit: 'percent', warn: 80, bad: 90, means: 'm', helps: 'h' };
const falling: Measure = { ...rising, warn: 60, bad: 14, low: true, unit: 'days' };
const told: Measure = { name: 'size', group: 'database', title: 'Size', unit: 'bytes', means: 'm', helps: 'h' };

describe('a value against its thresholds', () => {
  test.each([
    [rising, 79.9, 'good'], [rising, 80, 'warn'], [rising, 90, 'bad'], [rising, null, 'unknown'],
    [falling, 60, 'good'], [falling, 59.9, 'warn'], [falling, 13.9, 'bad'], [falling, 14, 'warn'], [told, 5e12, 'none'], [told, null, 'none'],
  ] as const)('%o with %s is %s', (measure, value, grade) => {
    expect(gradeOf(measure, { value })).toBe(grade);
  }); // prettier-ignore

  test('what only whoever measured knows comes on top, and never makes it better', () => {
    expect(gradeOf(rising, { value: 10, grade: 'bad' })).toBe('bad');
    expect(gradeOf(rising, { value: null, grade: 'warn' })).toBe('warn');
    expect(gradeOf(rising, { value: 95, grade: 'warn' })).toBe('bad');
    expect(gradeOf(rising, { value: 10, grade: null })).toBe('good');
  });
});

test('values are told as people read them', () => {
  expect([0, 0.5, 81.24, 100].map(value => formatValue('percent', value))).toEqual(['0 %', '0.5 %', '81 %', '100 %']);
  expect([0, 1_023, 10_240, 5_368_709_120].map(value => formatValue('bytes', value))).toEqual(['0 B', '1023 B', '10 kB', '5.0 GB']);
  expect([0.4, 59, 300, 10_800, 864_000].map(value => formatValue('seconds', value))).toEqual(['0.4 s', '59 s', '5 min', '3 h', '10 d']);
  expect([12, 120_000].map(value => formatValue('milliseconds', value))).toEqual(['12 ms', '2 min']);
  expect([1, 0].map(value => formatValue('yes', value))).toEqual(['yes', 'no']);
  expect(formatValue('days', 3_650)).toBe('over 9 years');
  expect(formatValue('hours', null)).toBe('-');
  expect([thresholdWords(rising), thresholdWords(falling), thresholdWords(told)]).toEqual(['from 80 %, wrong from 90 %', 'below 60 d, wrong below 14 d', 'none']);
  expect([shortThreshold(rising), shortThreshold(falling), shortThreshold(told)]).toEqual(['80 % / 90 %', '<60 d / 14 d', '-']);
  expect(shortThreshold({ ...rising, unit: 'milliseconds', warn: 500, bad: 5_000 })).toBe('500 ms / 5 s');
}); // prettier-ignore

describe.each(measures.map(measure => [measure.name, measure] as const))('%s', (name, measure) => {
  test('has a name of its own, a group, and leads where there is something', () => {
    expect(measures.filter(other => other.name === name)).toHaveLength(1);
    expect(measureNamed(name)).toBe(measure);
    expect(healthGroups).toContain(measure.group);
    expect(measure.title).toMatch(/^[A-Z][A-Za-z0-9 .,]+$/);
    expect([undefined, ...resources.map(({ id }) => id)]).toContain(measure.behind);
    const [first, second] = measure.low ? [measure.bad, measure.warn] : [measure.warn, measure.bad];
    expect(first === undefined || second === undefined || first <= second).toBe(true);
    expect(['host', 'platform']).toContain(/^(host|platform)-/.test(name) ? measure.group : 'host');
  });
});

describe('what a host says', () => {
  test('by plain commands is a document of readings that have names here', () => {
    const readings = plainProbes.flatMap(({ script }) => readingsIn(execFileSync('sh', ['-c', script], { encoding: 'utf8' })));
    expect(readings.length).toBeGreaterThanOrEqual(8);
    expect(readings.filter(({ measure }) => measureNamed(measure) === undefined)).toEqual([]);
    const values = new Map(readings.map(({ measure, value }) => [measure, value]));
    expect(values.get('host-memory')).toBeGreaterThan(0);
    expect(values.get('host-uptime')).toBeGreaterThan(0);
    const network = readings.find(({ measure }) => measure === 'host-network');
    expect(network?.words ?? 'no way leads out').toMatch(/^(\d+\.\d kB\/s in, \d+\.\d kB\/s out, within \d+\.\d s|no way leads out)$/);
    expect(readings.find(({ measure, subject }) => measure === 'host-disk' && subject === '/')?.words).toMatch(/GB used, .* GB free$/);
  });

  test.each([
    'result {', 'result {"readings":{}}', 'result {"readings":[{"measure":"ledger","value":0,"words":"x"}]}', 'result {"readings":[{"measure":"host-up","value":"1","words":"x"}]}',
    'result {"readings":[{"measure":"host-up","value":1}]}', `result {"readings":[${Array.from({ length: 301 }, () => '{"measure":"host-up","value":1,"words":""}').join(',')}]}`,
    ' result {"readings":[]}', 'results', '', 'result {"readings":[{"measure":"host-up","value":1e999,"words":""}]}',
  ])('is dropped where it is something else: %s', said => {
    expect(readingsIn(said)).toEqual([]);
  }); // prettier-ignore

  test('is harmless whatever stands in it: no database would take a NUL', () => {
    const said = String.raw`result {"readings":[{"measure":"host-disk","subject":"/\u0000","value":1,"words":"\u001b[2Jfull \ud800"}]}`;
    expect(readingsIn(said)).toEqual([{ measure: 'host-disk', subject: '/␀', value: 1, words: String.raw`␛[2Jfull \u{D800}` }]);
  });
});
