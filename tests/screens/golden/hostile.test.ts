import { expect, test } from 'vitest';
import { expectGolden, pictureOf } from '../../support/frame.tsx';
import { aConfirm, anAccount, aPreview, aState, detailOf, inMode, large, medium, noon, small } from '../../support/state.ts';

const names = [
  '\u001b[2J\u001b]52;c;aGk=\u0007wiped',
  '\u202Egnitaerc\u202C Ltd',
  '王小明王小明王小明王小明王小明王小明',
  `e${'\u0301'.repeat(40)} tower`,
  '[ok] frozen 447100930012  z undo',
  '> 447100930012  *  marked',
  '\r\n\u2028two\tlines',
  '\u0410cme Ltd',
  'zero\u200Bwidth\uFEFF\u00AD',
  '\u{1F468}\u200D\u{1F469}\u200D\u{1F467} family \u{1F44D}\u{1F3FD}',
  '\uD800 half a letter',
  'ก็ लक्ष्मी عربي עברית',
];
const rows = names.map((ownerName, index) => anAccount(index, { ownerName, username: ownerName }));
const [first] = rows;

test.each([small, medium, large])('names that would obey, hide, reorder or imitate, at %o', size =>
  expectGolden('hostile', aState(size, { rows, view: { marks: new Set(['5']) } })),
);

test('in a detail, a flash, crumbs, a strip and a filter', () => {
  const hostile = names.join(' ');
  const state = aState(large, {
    rows,
    flash: { tone: 'good', text: hostile, next: hostile },
    done: [
      {
        at: noon,
        undone: false,
        receipt: {
          request: 'r',
          summary: hostile,
          target: { id: '1', label: hostile, version: 1 },
          audit: 1,
          waysBack: [],
          replayed: false,
        },
      },
    ],
    saved: { accounts: { [hostile]: hostile } },
    view: {
      filter: hostile,
      base: hostile,
      cursor: first!.id,
      detail: { id: first!.id, sections: detailOf(first!), scroll: 0, askedAt: noon },
    },
  });
  expect(pictureOf(state)).toContain('␛');
});

test('in a preview, its evidence, its doubts and the words to type', () => {
  const hostile = names.join(' ');
  const preview = aPreview({
    lines: [hostile],
    doubts: [hostile],
    irreversible: hostile,
    evidence: [{ title: hostile, table: { columns: ['What', 'Who'], rows: names.map(name => [name, hostile]) } }],
  });
  const confirm = aConfirm({ preview, words: hostile, typed: 'x', focus: 'words' });
  expect(pictureOf(inMode(large, { kind: 'confirm', confirm: { ...confirm, form: { ...confirm.form, label: hostile } } }))).toContain(
    'speaks against it',
  );
  pictureOf(inMode(small, { kind: 'confirm', confirm }));
});

test('what a record says never begins a line as a message of ours does', () => {
  const lines = pictureOf(aState(small, { rows })).split('\n');
  expect(lines.filter(line => line.startsWith('[ok]'))).toEqual([]);
  expect(lines.filter(line => line.startsWith('>'))).toHaveLength(1);
});

test('a note of a million characters costs no more than a line', () => {
  const long = 'x'.repeat(1_000_000);
  const started = process.cpuUsage();
  pictureOf(aState(large, { rows: [anAccount(0, { ownerName: long })], flash: { tone: 'bad', text: long }, view: { filter: long } }));
  // of this process alone, in microseconds: what else the machine does is not counted
  expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
});
