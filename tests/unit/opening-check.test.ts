import { expect, test } from 'vitest';
import { openingChecks, type Applicant, type EvidenceDocument } from '../../src/domain/opening-check.ts';

const today = '2026-11-20';
const applicant: Applicant = {
  firstName: 'Ada',
  lastName: 'Byron',
  birthDate: '1990-05-17',
  phone: '+49 30 1234567',
  emailVerifiedAt: new Date('2026-11-18T09:00:00Z'),
  status: 'active',
};
const identity: EvidenceDocument = { kind: 'identity', reference: 'P-100', status: 'verified', expiresOn: '2030-01-01' };
const address: EvidenceDocument = { kind: 'address', reference: 'A-200', status: 'verified', expiresOn: null };

const checkOf = (
  name: string,
  changes: Partial<Applicant> = {},
  documents: readonly EvidenceDocument[] = [identity, address],
  on = today,
) => openingChecks({ ...applicant, ...changes }, documents, [], on).find(check => check.name === name);

test('a clear case passes every criterion and says what it rests on', () => {
  expect(openingChecks(applicant, [identity, address], [], today)).toEqual([
    { name: 'data valid', passed: true, evidence: 'born 1990-05-17, telephone +49 30 1234567' },
    { name: 'email verified', passed: true, evidence: 'on 2026-11-18' },
    { name: 'documents', passed: true, evidence: 'identity P-100, address A-200' },
    { name: 'no duplicate person', passed: true, evidence: 'nobody else has this name and date of birth' },
    { name: 'opening rules', passed: true, evidence: '36 years old, user active' },
  ]);
});

test.each<[string, Partial<Applicant>, string, string]>([
  ['no date of birth', { birthDate: null }, 'data valid', 'date of birth is missing'],
  ['born tomorrow', { birthDate: '2026-11-21' }, 'data valid', 'born 2026-11-21, which cannot be'],
  ['born before 1900', { birthDate: '1899-12-31' }, 'data valid', 'born 1899-12-31, which cannot be'],
  ['no telephone', { phone: null }, 'data valid', 'telephone number is missing'],
  ['empty telephone', { phone: '' }, 'data valid', 'telephone number is missing'],
  ['address not confirmed', { emailVerifiedAt: null }, 'email verified', 'not verified'],
  ['unknown age', { birthDate: null }, 'opening rules', 'age unknown'],
  ['locked', { status: 'locked' }, 'opening rules', 'the user is locked'],
  ['deactivated', { status: 'deactivated' }, 'opening rules', 'the user is deactivated'],
])('%s', (_, changes, name, evidence) => {
  expect(checkOf(name, changes)).toEqual({ name, passed: false, evidence });
});

test('majority begins with the eighteenth birthday, not a day before', () => {
  expect(checkOf('opening rules', { birthDate: '2008-11-21' })).toMatchObject({ passed: false, evidence: '17 years old, under 18' });
  expect(checkOf('opening rules', { birthDate: '2008-11-20' })).toMatchObject({ passed: true, evidence: '18 years old, user active' });
});

test('who was born on a leap day is of age on the first of March', () => {
  const born = { birthDate: '2008-02-29' };
  expect(checkOf('opening rules', born, [identity, address], '2026-02-28')).toMatchObject({ passed: false });
  expect(checkOf('opening rules', born, [identity, address], '2026-03-01')).toMatchObject({ passed: true });
});

test.each<[string, readonly EvidenceDocument[], string]>([
  ['none at all', [], 'identity is missing; address is missing'],
  ['one of two', [identity], 'address is missing'],
  ['not looked at yet', [{ ...identity, status: 'pending' }, address], 'identity P-100 is pending'],
  ['rejected', [identity, { ...address, status: 'rejected' }], 'address A-200 is rejected'],
  ['run out yesterday', [{ ...identity, expiresOn: '2026-11-19' }, address], 'identity P-100 expired on 2026-11-19'],
])('documents: %s', (_, documents, evidence) => {
  expect(checkOf('documents', {}, documents)).toEqual({ name: 'documents', passed: false, evidence });
});

test('a document is good on its last day, and a good one makes up for a rejected one', () => {
  expect(checkOf('documents', {}, [{ ...identity, expiresOn: today }, address])).toMatchObject({ passed: true });
  expect(checkOf('documents', {}, [{ ...identity, status: 'rejected' }, { ...identity, reference: 'P-101' }, address])).toMatchObject({
    passed: true,
  });
});

test('people who are alike are named', () => {
  const checks = openingChecks(applicant, [identity, address], [{ username: 'ada.b', accounts: 2 }], today);
  expect(checks.find(check => check.name === 'no duplicate person')).toMatchObject({ passed: false, evidence: 'ada.b (2 accounts)' });
});
