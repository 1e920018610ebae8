import type { Day } from './day.ts';

/** One criterion of an account's opening (GUIDES.md D6) with what it rests on. */
export type OpeningCheck = { readonly name: string; readonly passed: boolean; readonly evidence: string };

export type Applicant = {
  readonly firstName: string;
  readonly lastName: string;
  readonly birthDate: Day | null;
  readonly phone: string | null;
  readonly emailVerifiedAt: Date | null;
  readonly status: string;
};
export type EvidenceDocument = {
  readonly kind: string;
  readonly reference: string;
  readonly status: string;
  readonly expiresOn: Day | null;
};
export type LikePerson = { readonly username: string; readonly accounts: number };

/** The youngest age at which somebody opens an account alone, in years. */
const ageOfMajority = 18;

const dataCheck = (applicant: Applicant, today: Day): OpeningCheck => {
  const name = 'data valid';
  if (!applicant.birthDate) return { name, passed: false, evidence: 'date of birth is missing' };
  if (applicant.birthDate < '1900-01-01' || applicant.birthDate > today)
    return { name, passed: false, evidence: `born ${applicant.birthDate}, which cannot be` };
  if (!applicant.phone) return { name, passed: false, evidence: 'telephone number is missing' };
  return { name, passed: true, evidence: `born ${applicant.birthDate}, telephone ${applicant.phone}` };
};

const documentCheck = (documents: readonly EvidenceDocument[], today: Day): OpeningCheck => {
  const good = (kind: string) =>
    documents.find(
      document => document.kind === kind && document.status === 'verified' && (!document.expiresOn || document.expiresOn >= today),
    );
  const problems = ['identity', 'address'].flatMap(kind => {
    if (good(kind)) return [];
    const bad = documents.find(document => document.kind === kind);
    if (!bad) return [`${kind} is missing`];
    return [
      bad.status === 'verified' ? `${kind} ${bad.reference} expired on ${bad.expiresOn}` : `${kind} ${bad.reference} is ${bad.status}`,
    ];
  });
  const evidence =
    problems.length > 0 ? problems.join('; ') : documents.map(document => `${document.kind} ${document.reference}`).join(', ');
  return { name: 'documents', passed: problems.length === 0, evidence };
};

const rulesCheck = (applicant: Applicant, today: Day): OpeningCheck => {
  const name = 'opening rules';
  const years = applicant.birthDate ? Number(today.slice(0, 4)) - Number(applicant.birthDate.slice(0, 4)) : 0;
  const grown = applicant.birthDate ? years - (today.slice(5) < applicant.birthDate.slice(5) ? 1 : 0) : 0;
  if (grown < ageOfMajority)
    return { name, passed: false, evidence: applicant.birthDate ? `${grown} years old, under ${ageOfMajority}` : 'age unknown' };
  if (applicant.status === 'locked' || applicant.status === 'deactivated')
    return { name, passed: false, evidence: `the user is ${applicant.status}` };
  return { name, passed: true, evidence: `${grown} years old, user ${applicant.status}` };
};

/** Every criterion of D6, computed; nobody ticks a box. */
export const openingChecks = (
  applicant: Applicant,
  documents: readonly EvidenceDocument[],
  alike: readonly LikePerson[],
  today: Day,
): readonly OpeningCheck[] => [
  dataCheck(applicant, today),
  {
    name: 'email verified',
    passed: applicant.emailVerifiedAt !== null,
    evidence: applicant.emailVerifiedAt ? `on ${applicant.emailVerifiedAt.toISOString().slice(0, 10)}` : 'not verified',
  },
  documentCheck(documents, today),
  {
    name: 'no duplicate person',
    passed: alike.length === 0,
    evidence:
      alike.length === 0
        ? 'nobody else has this name and date of birth'
        : alike.map(person => `${person.username} (${person.accounts} accounts)`).join(', '),
  },
  rulesCheck(applicant, today),
];
