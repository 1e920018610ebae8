import { describe, expect, test } from 'vitest';
import { drawMoneyFlow, type Flow } from '../../src/domain/money-flow.ts';
import { columnsOf } from '../../src/domain/safe-text.ts';
import { harmIn } from '../support/harmless.ts';
import { flowAround } from '../../src/domain/transaction-evidence.ts';

const flow = (party: string, incoming: boolean, amount: number, count = 1): Flow => ({ party, incoming, amount: BigInt(amount), count });
const draw = (flows: readonly Flow[], width: number, ascii = false) =>
  drawMoneyFlow({ account: '447100220017', currency: 'EUR', flows }, { width, ascii });
const several = (count: number) =>
  Array.from({ length: count }, (_, index) => flow(`4471009300${10 + index}`, index % 2 === 0, 12_000 + index));

describe('money around an account is drawn', () => {
  test('with those that pay on the left, those that are paid on the right, and amounts on the arrows', () => {
    expect(
      draw([flow('Meridian Trade FZE', true, 135_000), flow('447100930012', false, 63_450), flow('Fast Exchange Ltd', false, 63_450)], 90),
    ).toEqual([
      'Meridian Trade FZE ─ 1,350.00 ──▶ [447100220017] ┬─ 634.50 ─▶ 447100930012',
      '                                                 └─ 634.50 ─▶ Fast Exchange Ltd',
    ]);
  });

  test('with what was sent several times in one arrow, and the largest first', () => {
    expect(draw([flow('447100930010', true, 5_000), flow('Cash', true, 900_000, 5)], 70)).toEqual([
      '        Cash ─ 5x 9,000.00 ─┬▶ [447100220017]',
      '447100930010 ──── 50.00 ────┘',
    ]);
  });

  test('one above the other where there is no room', () => {
    expect(draw(several(3), 46)).toEqual([
      '447100930012 ─ 120.02 ─┐',
      '447100930010 ─ 120.00 ─┤',
      '                       ▼',
      '                [447100220017]',
      '  └─ 120.01 ─▶ 447100930011',
    ]);
  });

  test('in ASCII for a terminal that has no more', () => {
    const lines = draw(several(6), 90, true);
    expect(lines.join('')).toMatch(/^[ -~]+$/);
    expect(lines[1]).toBe('447100930012 - 120.02 -+> [447100220017] +- 120.03 -> 447100930013');
  });

  test('with small ones together, in at most twelve lines, at any width', () => {
    for (let width = 30; width <= 140; width += 1)
      for (const count of [0, 1, 2, 7, 40]) {
        const lines = draw(several(count), width);
        expect(lines.length).toBeLessThanOrEqual(12);
        expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
        expect(lines.join('\n')).toContain('[447100220017]');
      }
    expect(draw(several(40), 90).join('\n')).toContain('13 others');
  });

  test('with names made safe, whatever somebody chose', () => {
    const hostile = ['\u001b[2J[ok]', 'evil\u202etxt', '王小明', 'e' + '\u0301'.repeat(50), 'two\nlines'];
    const text = draw(
      hostile.map((party, index) => flow(party, index % 2 === 0, 100 + index)),
      80,
    ).join('\n');
    expect(harmIn(text)).toBeUndefined();
    expect(text).toContain('␛[2J[ok]');
    expect(text.split('\n')).toHaveLength(3);
  });
});

test('what moved is added up by party and direction, as the account sees it', () => {
  const at = new Date(0);
  const move = (id: bigint, fromId: bigint | null, toId: bigint | null, amount: bigint) => ({
    id, postedAt: at, type: 'transfer', fromId, toId, from: `account ${fromId ?? 'outside'}`, to: `account ${toId ?? 'outside'}`, amount, currency: 'EUR', description: '',
  }); // prettier-ignore
  const seat = { accountId: 1n, account: '447100220017', currency: 'EUR' };
  expect(
    flowAround(seat, [move(1n, 2n, 1n, 10n), move(2n, 2n, 1n, 5n), move(3n, 1n, 2n, 7n), move(4n, 3n, 4n, 99n), move(5n, null, 1n, 1n)])
      .flows,
  ).toEqual([
    { party: 'account 2', incoming: true, amount: 15n, count: 2 },
    { party: 'account 2', incoming: false, amount: 7n, count: 1 },
    { party: 'account outside', incoming: true, amount: 1n, count: 1 },
  ]);
});
