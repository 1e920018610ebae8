import { expect, test } from 'vitest';
import { whyNotClose } from '../../src/domain/account.ts';
import { ageInWords, alertsInWords, eyesForScore, gradeOf, whyNotDecide, whyNotReopen } from '../../src/domain/alert.ts';

const alert = { id: 7n, status: 'in review', claimedBy: 'ravi', snoozedUntil: null, caseId: null, caseDecided: false } as const;

test('a score has a grade, and above 80 takes two people', () => {
  expect([40, 59, 60, 79, 80, 95].map(gradeOf)).toEqual(['low', 'low', 'mid', 'mid', 'high', 'high']);
  expect([80, 81].map(score => eyesForScore({ score }))).toEqual([1, 2]);
  expect(alertsInWords({ openAlerts: 0, topScore: 0 })).toBe('-');
  expect(alertsInWords({ openAlerts: 1, topScore: 95 })).toBe('1 high');
});

test('ages are told in minutes, hours and days', () => {
  expect([0, 59, 3_000, 5_400, 100_000, 172_800, 9_999_999].map(ageInWords)).toEqual(['0 m', '0 m', '50 m', '1 h', '27 h', '2 d', '115 d']);
});

test('why an alert cannot be decided, or its decision not taken back', () => {
  expect(whyNotDecide(alert)).toBeUndefined();
  expect(whyNotDecide({ ...alert, status: 'open' })).toBe('alert 7 is open: claim it first');
  expect(whyNotReopen(alert)).toBe('alert 7 is in review by ravi: there is no decision to take back');
  expect(whyNotReopen({ ...alert, status: 'escalated', caseId: 3n, caseDecided: true })).toBe(
    'case 3 of alert 7 is decided, or about to be',
  );
  expect(whyNotReopen({ ...alert, status: 'dismissed' })).toBeUndefined();
});

test('an account is closed when nothing about it is open', () => {
  const account = { number: '447100220017', status: 'active', balance: 0n } as const;
  expect(whyNotClose(account)).toBeUndefined();
  expect(whyNotClose({ ...account, openAlerts: 2, openCases: 0, openDisputes: 1 })).toBe(
    '447100220017 has 2 open alerts, 1 open dispute: decide that first',
  );
  expect(whyNotClose({ ...account, openCases: 1 })).toBe('447100220017 has 1 open case: decide that first');
});
