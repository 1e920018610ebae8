import { afterAll, beforeAll, expect, test } from 'vitest';
import { gradeOf, type Measure } from '../../../src/domain/health.ts';
import { measures } from '../../../src/domain/health-measures.ts';
import { thresholdSettings } from '../../../src/domain/health-thresholds.ts';
import { fieldsOf } from '../../../src/kit/form-fields.ts';
import { actions, resources } from '../../../src/resources/registry.ts';
import { anAlarmBank, type AlarmBank } from '../../support/alarms.ts';

// What the database and the console both know of alarms.
let world: AlarmBank;
beforeAll(async () => {
  world = await anAlarmBank();
});
afterAll(() => world[Symbol.asyncDispose]());

const told = measures.filter(({ name, bad }) => bad !== undefined || name === 'host-up');

test('the measures that an alarm is told of, their titles, units and what helps', async () => {
  const rows = await world.bank.rows('SELECT measure, title, unit, low, helps FROM ops.alarm_measure');
  const unitOf = ({ name }: Measure) => /\(([^)]+)\)$/.exec(thresholdSettings.find(({ measure }) => measure === name)?.label ?? '')?.[1] ?? '';
  const wanted = told.map(measure => ({ measure: measure.name, title: measure.title, unit: unitOf(measure), low: measure.low === true, helps: measure.helps }));
  const byName = (all: readonly { readonly measure?: string }[]) => all.toSorted((a, b) => (a.measure ?? '').localeCompare(b.measure ?? ''));
  expect(byName(rows)).toEqual(byName(wanted));
}); // prettier-ignore

test('they judge alike, on both sides of each threshold', async () => {
  const subjectsOf = ({ bad, warn }: Measure) => [...new Set([bad, warn].flatMap(edge => (edge === undefined ? [] : [edge - 0.01, edge, edge + 0.01])))];
  const cases = told.flatMap(measure => subjectsOf(measure).map(value => ({ measure: measure.name, of: measure, value, subject: String(value), words: '-' })));
  await world.bank.behindItsBack('DELETE FROM ops.health_series');
  await world.bank.rows(
    `INSERT INTO ops.health_series (measure, host_id, subject, at, value, words) SELECT c.measure, NULL, c.subject, now(), c.value, c.words
       FROM jsonb_to_recordset($1) AS c (measure text, subject text, value float8, words text)`,
    [JSON.stringify(cases)],
  );
  const rows = await world.bank.rows<{ entity_id: string; level: number }>(`SELECT entity_id, level FROM ops.alarms_now() WHERE part = 'health'`);
  const levels = new Map(rows.map(({ entity_id: id, level }) => [id, level]));
  const soon = ['host-certificate', 'machine-key'];
  for (const { of, value, subject } of cases) {
    const grade = gradeOf(of, { value });
    const level = grade === 'bad' ? 2 : grade === 'warn' && soon.includes(of.name) ? 1 : 0;
    expect(levels.get(`${of.name}:${subject}`), `${of.name} ${value}`).toBe(level);
  }
  await world.bank.behindItsBack('DELETE FROM ops.health_series');
  expect(cases.length).toBeGreaterThan(100);
}); // prettier-ignore

test('every command names a runbook with all that it must be given, a pane, or a command that there is', async () => {
  const rows = await world.bank.rows<{ command: string }>('SELECT command FROM ops.alarm_measure');
  const others = ['bursar audit verify', 'bursar hosts ask {host}', ...resources.map(({ id }) => `bursar ${id} list`)];
  /** Why a command would be refused. */
  const objection = (command: string): string | undefined => {
    const [, noun = '', verb = '', runbook = ''] = command.split(' ');
    const action = actions.find(({ id }) => id === (verb === 'start' ? `runbooks.${runbook}` : `${noun}.${verb}`));
    if (!action) return others.some(other => command.startsWith(other)) ? undefined : 'there is no such command';
    const given = [...command.matchAll(/--(\w+)/g)].map(([, flag = '']) => flag);
    const fields = fieldsOf(action.input);
    const lacks = fields.filter(({ key, required, hidden }) => required && !hidden && key !== 'id' && !given.includes(key)).map(({ key }) => key);
    const unknown = given.filter(flag => !fields.some(({ key }) => key === flag));
    return lacks.length + unknown.length === 0 ? undefined : `lacks ${lacks.join(', ')}, does not know ${unknown.join(', ')}`;
  };
  expect(rows.flatMap(({ command }) => (objection(command) === undefined ? [] : [`${command}: ${objection(command)}`]))).toEqual([]);
}); // prettier-ignore
