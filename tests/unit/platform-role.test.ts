import { describe, expect, test } from 'vitest';
import { reviewMarkdown, ReviewDocument } from '../../src/domain/access-report.ts';
import { changedPermissions, listed, matrixOf, untilWords } from '../../src/domain/platform-role.ts';

const known = ['bank.account.edit', 'bank.account.view', 'bank.user.view'];
const before = ['bank.account.view'];

describe('the permissions of a role', () => {
  test.each([
    ['+bank.user.view', ['bank.account.view', 'bank.user.view']],
    ['+bank.account.*', ['bank.account.edit', 'bank.account.view']],
    ['-bank.account.view', []],
    ['-bank.* +bank.user.view', ['bank.user.view']],
    ['bank.user.view, bank.account.edit', ['bank.account.edit', 'bank.user.view']],
    ['bank.*', known],
    ['', []],
  ])('after "%s"', (typed, after) => {
    expect(changedPermissions(typed, before, known)).toEqual({ ok: true, value: after });
  });

  test.each([
    ['bank.nothing.view', 'there is no permission bank.nothing.view on this platform'],
    ['+other.*', 'there is no permission other.* on this platform'],
    ['bank.user.view +bank.account.view', 'write either the whole set or changes to it'],
  ])('"%s" is refused', (typed, message) => {
    expect(changedPermissions(typed, before, known)).toMatchObject({ ok: false, refusal: { kind: 'invalid', message } });
  });

  test('stand as resource by category, only those that occur', () => {
    expect(matrixOf(known.map(codename => ({ codename })))).toEqual({
      columns: ['Resource', 'view', 'edit'],
      rows: [
        ['account', 'x', 'x'],
        ['user', 'x', '.'],
      ],
    });
  });

  test('are named up to twelve, and the rest counted', () => {
    expect(listed('gains', [])).toEqual([]);
    expect(listed('gains', ['a', 'b'])).toEqual(['gains 2: a, b']);
    expect(
      listed(
        'loses',
        Array.from({ length: 14 }, (_, index) => `p${index}`),
      )[0],
    ).toMatch(/^loses 14: p0, .*p11, and 2 more$/);
  });
});

test('when a grant ends is said in words', () => {
  expect([untilWords(undefined), untilWords('4h'), untilWords('2026-12-31')]).toEqual([
    'without end',
    'for 4h',
    'until the end of 2026-12-31',
  ]);
});

test('in the report of a review nobody’s name or note is a mark, a link, a cell or HTML', () => {
  const hostile = '[ok](http://x) | <b>kept</b> `rm` # \u202Eevil\n| next';
  const document = ReviewDocument.parse({
    review: {
      number: 1, kind: 'monthly', title: hostile, since: 's', opened: 'o', 'opened by': hostile, closed: 'c', 'closed by': 'mona', items: 1, kept: 1, revoked: 0,
    },
    context: { changes: [], separation: [hostile] },
    items: [{
      kind: 'user', who: hostile, role: 'viewer', sensitive: false, granted: null, 'granted by': null, expires: null, 'last used': null, 'inactive days': 3, change: null,
      conflicts: [], decision: 'keep', note: hostile, 'decided by': 'mona', decided: 'd',
    }],
  }); // prettier-ignore
  const text = reviewMarkdown(document, 'abc');
  expect(text).not.toMatch(/<b>|[^\\]\[ok|[^\\]`rm|\u202E/);
  const row = text.split('\n').find(line => line.includes('keep by')) ?? '';
  expect(row.match(/(?<!\\)\|/g)).toHaveLength(10);
});
