import { describe, expect, test } from 'vitest';
import type { Preview } from '../../../src/kit/request.ts';
import { choicesOf } from '../../../src/tui/state/actions.ts';
import { newLine } from '../../../src/tui/state/start.ts';
import { expectGolden, pictureOf } from '../../support/frame.tsx';
import { aConfirm, aPreview, aState, freezeForm, inMode, large, manyAccounts, medium, noon, numberOf, small } from '../../support/state.ts';

const evidence: Preview['evidence'] = [
  {
    title: 'Opening checks',
    table: {
      columns: ['Check', 'Result', 'Evidence'],
      rows: [
        ['data valid', 'clear', 'born 1990-01-01, telephone +49 151 23456789'],
        ['documents', 'NOT CLEAR', 'identity is missing; address X-11 expired on 2025-01-01'],
        ['duplicates', 'clear', 'nobody else has this name and day of birth: 王 小明'],
      ],
    },
  },
];
const withDoubts = aPreview({
  target: { id: '4', label: numberOf(3), version: 3 },
  title: 'Approve account',
  lines: [`${numberOf(3)} of 王 小明 becomes active: deposits, withdrawals and transfers begin`, '2 of 3 opening checks are clear'],
  doubts: ['documents: identity is missing; address X-11 expired on 2025-01-01'],
  evidence,
});
const batch = manyAccounts(39);
const bulk = {
  previews: batch.slice(0, 38).map(({ id, number }, index) => {
    const target = { id: String(id), label: number, version: 3 };
    return index < 36
      ? { ...withDoubts, target, lines: [`${number} becomes active: deposits, withdrawals and transfers begin`], doubts: [] }
      : { ...withDoubts, target };
  }),
  refused: [{ id: '39', message: `${numberOf(38)} is active; only a pending account can be approved` }],
  unseen: 0,
};

describe.each([small, medium, large])('at %o', size => {
  test('a form', () => expectGolden('form', inMode(size, { kind: 'form', form: freezeForm() })));

  test('a form with mistakes', () =>
    expectGolden(
      'form-mistakes',
      inMode(size, {
        kind: 'form',
        form: freezeForm({
          focus: 1,
          typed: { ground: 'court order', note: 'order 4711', reviewOn: '2026-02-30' },
          errors: {
            note: 'takes at least 10 characters, so that a reviewer understands it',
            reviewOn: '2026-02-30 does not exist in the calendar',
          },
        }),
      }),
    ));

  test('a plain confirmation', () => expectGolden('confirm', inMode(size, { kind: 'confirm', confirm: aConfirm() })));

  test('a typed confirmation with evidence and doubts', () =>
    expectGolden(
      'confirm-typed',
      inMode(size, {
        kind: 'confirm',
        confirm: aConfirm({
          preview: { ...withDoubts, irreversible: 'an approval can be taken back for 10 minutes only' },
          words: numberOf(3),
          typed: '4471',
          focus: 'words',
        }),
      }),
    ));

  test('the confirmation of a bulk', () => {
    const form = freezeForm({
      action: 'accounts.approve',
      title: 'Approve account',
      label: '39 records',
      ids: batch.map(row => String(row.id)),
      hiddenByFilter: 2,
    });
    return expectGolden('confirm-bulk', inMode(size, { kind: 'confirm', confirm: aConfirm({ preview: undefined, bulk, form }) }));
  });

  test('the actions on a record', () =>
    expectGolden('actions', inMode(size, { kind: 'actions', choices: choicesOf(aState(size)), chosen: 2 })));
});

test('the button of a confirmation is grey until it works', () => {
  const confirm = aConfirm({ focus: 'confirm', armedAt: noon + 200 });
  expect(pictureOf(inMode(small, { kind: 'confirm', confirm }))).toContain('[ Cancel ]  [ Freeze account ]');
  expect(pictureOf(inMode(small, { kind: 'confirm', confirm: aConfirm({ focus: 'confirm', words: '4711' }) }))).toContain(
    'after the words are typed',
  );
  expect(pictureOf(inMode(small, { kind: 'confirm', confirm: aConfirm({ waiting: true }) }))).toContain('doing it ...');
});

test('a confirmation that is longer than its place scrolls, its buttons stay', () => {
  const preview = aPreview({ lines: Array.from({ length: 60 }, (_, index) => `consequence ${index + 1}`) });
  const picture = pictureOf(inMode(small, { kind: 'confirm', confirm: aConfirm({ preview, scroll: 20 }) }));
  expect(picture).toContain('- consequence 21\n');
  expect(picture).toMatch(/\d+ more lines, j scrolls\n {2}\[ Cancel \]/);
});

test('a filter being typed, with what it can become', () =>
  expectGolden(
    'filter',
    inMode(small, {
      kind: 'filter',
      line: { ...newLine('byron status=a'), completions: ['byron status=active', 'byron status=archived'], chosen: -1 },
    }),
  ));

test('a command with a mistake', () =>
  expectGolden(
    'command',
    inMode(small, {
      kind: 'command',
      line: { ...newLine('tx amuont>5'), error: 'there is no field amuont', next: 'amount, type, posted, flagged' },
    }),
  ));

test('columns, order, saved filters, leaving', async () => {
  await expectGolden('columns', inMode(small, { kind: 'columns', chosen: 6 }));
  await expectGolden('sort', inMode(small, { kind: 'sort', chosen: 1 }));
  const saved = { accounts: { 'frozen, due': 'status=frozen due=yes', large: 'balance>100000' } };
  await expectGolden('saved', inMode(small, { kind: 'saved', names: ['frozen, due', 'large'], chosen: 1 }, { saved }));
  await expectGolden('quit', inMode(small, { kind: 'quit' }));
});

describe.each([
  { columns: 40, rows: 10 },
  { columns: 20, rows: 5 },
])('below 80x24: %o', size => {
  test('a form', () =>
    expectGolden(
      'form',
      inMode(size, { kind: 'form', form: freezeForm({ focus: 1, typed: { note: 'order 4711 of the district court' } }) }),
    ));
  test('a confirmation', () =>
    expectGolden(
      'confirm-typed',
      inMode(size, { kind: 'confirm', confirm: aConfirm({ words: numberOf(2), typed: '4471', focus: 'words' }) }),
    ));
});
