import { expect, test } from 'vitest';
import type { Offers } from '../../../src/kit/offers.ts';
import { backup } from '../../../src/runbooks/backups.ts';
import { restartService } from '../../../src/runbooks/services.ts';
import type { FormState, State } from '../../../src/tui/state/types.ts';
import { openForm } from '../../../src/tui/state/form.ts';
import { aState, small } from '../../support/state.ts';
import { effectOf, happen, press } from '../../support/state-play.ts';

const formOf = ({ mode }: State): FormState => {
  if (mode.kind !== 'form') throw new Error('no form is open');
  return mode.form;
};
const opened = (runbook: { readonly id: string }, typed = {}) =>
  openForm(aState(small), { action: `runbooks.${runbook.id}`, ids: [], label: '', typed });
const type = (state: State, text: string): State => happen(state, { kind: 'text-changed', text }).state;
const offer = (state: State, offers: Offers): State => happen(state, { kind: 'offered', request: formOf(state).request, offers }).state;
const hosts = (...choices: readonly string[]): Offers => ({ host: { choices, many: false } });

test('a form of a runbook asks which hosts there are; the only one is filled in', () => {
  const step = opened(backup);
  expect([effectOf(step, 'offer')?.form.request, formOf(step.state).asking]).toEqual([formOf(step.state).request, true]);
  const state = offer(step.state, hosts('db1'));
  expect(formOf(state)).toMatchObject({ typed: { host: 'db1' }, asking: false, focus: 0 });
  expect(formOf(press(state, 'confirmed').state).focus).toBe(1);
});

test('what is typed takes the place of what was only offered, letter by letter; taking letters away changes it', () => {
  const state = offer(opened(backup).state, hosts('db1'));
  const typed = type(state, 'db1w');
  expect(formOf(typed).typed['host']).toBe('w');
  expect(formOf(type(type(typed, 'we'), 'web')).typed['host']).toBe('web');
  expect(formOf(type(state, 'db')).typed['host']).toBe('db');
});

test('what was typed before the answer came stays, and so does what the record says', () => {
  expect(formOf(offer(type(opened(backup).state, 'w'), hosts('db1'))).typed['host']).toBe('w');
  expect(formOf(offer(opened(backup, { host: 'web1' }).state, hosts('db1'))).typed['host']).toBe('web1');
  const other = opened(backup).state;
  expect(formOf(happen(other, { kind: 'offered', request: 'of another form', offers: hosts('db1') }).state)).toEqual(formOf(other));
});

test('of several one is chosen from a list; where many may be named they are told', () => {
  const state = offer(opened(backup).state, hosts('db1', 'web1'));
  expect(formOf(state).fields[0]).toMatchObject({ key: 'host', kind: 'choice', choices: ['db1', 'web1'] });
  expect(formOf(state).typed['host'] ?? '').toBe('');
  expect(formOf(press(state, { name: 'letter-typed', letter: 'w' }).state).typed['host']).toBe('web1');
  const many = offer(opened(restartService).state, { hosts: { choices: ['db1', 'web1'], many: true } });
  expect(formOf(many).fields[0]).toMatchObject({ key: 'hosts', kind: 'text', hint: 'of db1, web1' });
});
