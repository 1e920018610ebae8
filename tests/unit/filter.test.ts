import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFilter, type FieldShapes, type FilterContext } from '../../src/domain/filter.ts';

const shapes: FieldShapes = {
  text: { kind: 'text', shortest: 3 },
  owner: { kind: 'text', shortest: 3 },
  status: { kind: 'choice', choices: ['active', 'frozen', 'closed'] },
  amount: { kind: 'money' },
  id: { kind: 'number' },
  posted: { kind: 'time' },
  due: { kind: 'flag' },
};
const context: FilterContext = { today: '2026-11-20', currency: 'EUR', since: 'posted' };

const termsOf = (text: string) => {
  const terms = parseFilter(text, shapes, context);
  if (!terms.ok) throw new Error(terms.refusal.message);
  return terms.value.map(({ field, not, value }) => ({ field, not, value }));
};
const valueOf = (text: string) => termsOf(text)[0]?.value;
const refusalOf = (text: string) => {
  const terms = parseFilter(text, shapes, context);
  return terms.ok ? undefined : [terms.refusal.message, terms.refusal.next];
};

describe('reads', () => {
  test('nothing', () => expect(termsOf('   ')).toEqual([]));

  test('several terms, each as it was written', () => {
    const terms = parseFilter('status=frozen  !acme', shapes, context);
    expect(terms.ok && terms.value.map(term => term.typed)).toEqual(['status=frozen', '!acme']);
  });

  test('words, and words that belong together', () => {
    expect(termsOf('acme "two words"')).toEqual([
      { field: 'text', not: false, value: { kind: 'text', text: 'acme', exact: false } },
      { field: 'text', not: false, value: { kind: 'text', text: 'two words', exact: false } },
    ]);
    expect(termsOf('owner="Acme Trading"')).toEqual([
      { field: 'owner', not: false, value: { kind: 'text', text: 'Acme Trading', exact: true } },
    ]);
  });

  test('a colon contains, an equals sign is', () => {
    expect(valueOf('owner:acme')).toEqual({ kind: 'text', text: 'acme', exact: false });
    expect(valueOf('owner=ab')).toEqual({ kind: 'text', text: 'ab', exact: true });
  });

  test('what is turned round, once or twice', () => {
    expect(['!status=frozen', 'status!=frozen', '!status!=frozen', '!closed'].map(text => termsOf(text)[0]?.not)).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  test('several choices', () => expect(valueOf('status=frozen,closed')).toEqual({ kind: 'choices', choices: ['frozen', 'closed'] }));

  test('yes and no', () => expect([valueOf('due=yes'), valueOf('due=no')]).toMatchObject([{ is: true }, { is: false }]));

  test.each<[string, { from?: bigint; to?: bigint }]>([
    ['amount=12.34', { from: 1_234n, to: 1_234n }],
    ['amount>2000', { from: 200_001n }],
    ['amount>=2000', { from: 200_000n }],
    ['amount<2000', { to: 199_999n }],
    ['amount<=2,000.50', { to: 200_050n }],
    ['amount:100..200', { from: 10_000n, to: 20_000n }],
    ['amount=100..', { from: 10_000n }],
    ['amount=..200', { to: 20_000n }],
    ['amount=-5..-1', { from: -500n, to: -100n }],
    ['id=17', { from: 17n, to: 17n }],
  ])('%s', (text, limits) => expect(valueOf(text)).toEqual({ kind: 'amount', ...limits }));

  test.each<[string, { from?: string; to?: string }]>([
    ['posted=2024-02-29', { from: '2024-02-29', to: '2024-02-29' }],
    ['posted>2024-02-28', { from: '2024-02-29' }],
    ['posted<2026-03-01', { to: '2026-02-28' }],
    ['posted=2026-01-01..2026-01-31', { from: '2026-01-01', to: '2026-01-31' }],
    ['posted=2026-01-01..', { from: '2026-01-01' }],
    ['posted=yesterday', { from: '2026-11-19', to: '2026-11-19' }],
    ['since=2026-11-01', { from: '2026-11-01' }],
    ['since=yesterday', { from: '2026-11-19' }],
    ['since="7 days ago"', { from: '2026-11-13' }],
  ])('%s', (text, limits) => expect(valueOf(text)).toEqual({ kind: 'days', ...limits }));

  test('a length of time', () => {
    expect(termsOf('since=1d')).toEqual([{ field: 'posted', not: false, value: { kind: 'last', seconds: 86_400 } }]);
  });
});

describe('refuses', () => {
  test.each([
    ['colour=red', 'there is no field colour here'],
    ['constructor=1', 'there is no field constructor here'],
    ['status=', 'status needs a value'],
    ['status=""', 'status needs a value'],
    ['status=gone', 'status is never "gone"'],
    ['status=frozen,', 'status is never ""'],
    ['status>frozen', 'status has no order'],
    ['due=maybe', 'due is yes or no, not "maybe"'],
    ['ab', '"ab" is too short to search for'],
    ['owner:ab', '"ab" is too short to search for'],
    ['"acme', 'a quotation mark is left open'],
    ['owner="acme trading', 'a quotation mark is left open'],
    ['amount=1.005', '"1.005" has a fraction below the smallest unit of EUR'],
    ['amount=ten', '"ten" is no amount'],
    ['amount=1..ten', '"ten" is no amount'],
    ['amount=1..2..3', '"1..2..3" is no range'],
    ['amount=..', '".." is no range'],
    ['amount=200..100', '200 lies above 100'],
    ['id=1.5', '"1.5" is no whole number'],
    ['id=9999999999999999999', '"9999999999999999999" is no whole number'],
    ['posted=2026-02-29', '2026-02-29 does not exist in the calendar'],
    ['since=2026-02-29', '2026-02-29 does not exist in the calendar'],
    ['posted=2026-01-01..2026-02-30', '2026-02-30 does not exist in the calendar'],
    ['posted=2026-01-01..2026-01-02..2026-01-03', '"2026-01-01..2026-01-02..2026-01-03" is no range'],
    ['posted=2026-02-01..2026-01-01', '2026-02-01 lies after 2026-01-01'],
    ['posted=soon', '"soon" is no day'],
    ['x'.repeat(501), 'a filter has at most 500 characters'],
  ])('%s', (text, message) => expect(refusalOf(text)?.[0]).toBe(message));

  test('and says what there is instead', () => {
    expect(refusalOf('colour=red')?.[1]).toBe('filter by text, owner, status, amount, id, posted, due');
    expect(refusalOf('status=gone')?.[1]).toBe('it is one of active, frozen, closed');
  });

  test('one bad term among good ones', () => expect(refusalOf('status=frozen amount=x owner=ada')?.[0]).toBe('"x" is no amount'));

  test('since, where nothing has a time', () => {
    expect(parseFilter('since=1d', { id: { kind: 'number' } }, { today: '2026-11-20', currency: 'EUR' })).toMatchObject({
      ok: false,
      refusal: { message: 'there is no field since here' },
    });
  });
});

test('whatever is typed is read or refused in words', () => {
  const part = fc.constantFrom(
    ...Object.keys(shapes),
    'since',
    '=',
    '!=',
    '>',
    '<',
    '..',
    ',',
    '!',
    '"',
    ' ',
    '1',
    '.',
    '-',
    'yes',
    '2026-02-29',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 12 }), parts => {
      const text = parts.join('');
      const terms = parseFilter(text, shapes, context);
      const isSound = terms.ok
        ? terms.value.every(({ field, typed }) => Object.hasOwn(shapes, field) && text.includes(typed))
        : terms.refusal.message !== '';
      expect(isSound).toBe(true);
    }),
    { seed: 20_261_120, numRuns: 1_000 },
  );
});
