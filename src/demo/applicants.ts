import { minute, wholeDay } from './bank-days.ts';
import { personName, type FullName } from './names.ts';
import type { Draft } from './person.ts';
import type { Random } from './random.ts';

type NewDraft = (name: FullName, createdAt: number, index: number) => Draft;

const minor = (now: number): string => new Date(now - 16.4 * 365.25 * wholeDay).toISOString().slice(0, 10);

/** What keeps an application from passing, one by one; each opening check fails for somebody. */
const flaws: readonly ((draft: Draft, now: number) => Draft)[] = [
  draft => ({ ...draft, emailVerifiedAt: null }),
  draft => ({ ...draft, address: 'missing' }),
  draft => ({ ...draft, identity: 'expired' }),
  draft => ({ ...draft, identity: 'rejected' }),
  (draft, now) => ({ ...draft, birthDate: minor(now) }),
  draft => ({ ...draft, phone: null }),
  draft => ({ ...draft, birthDate: null }),
  draft => ({ ...draft, emailVerifiedAt: null, identity: 'received', address: 'received' }),
];

/** The same person again: other address, same name and birth, the name typed in capitals. */
const twin = (of: Draft, createdAt: number, draft: Draft): Draft => ({
  ...draft,
  name: of.name,
  firstName: of.firstName.toUpperCase(),
  lastName: of.lastName,
  birthDate: of.birthDate,
  createdAt,
  emailVerifiedAt: createdAt + 9 * minute,
});

/** Applicants of the last days: most pass every opening check, a handful show what each check is for. */
export const applicants = (count: number, customers: readonly Draft[], now: number, random: Random, newDraft: NewDraft): Draft[] => {
  const drafts = Array.from({ length: count }, (_, index) => {
    const age = index < flaws.length + 3 ? 0.2 + index * 0.3 : 0.1 + 12 * random.next() ** 1.5;
    return newDraft(personName(random), Math.floor(now - age * wholeDay), index);
  });
  return drafts.map((draft, index) => {
    const flaw = flaws[index];
    if (flaw) return flaw(draft, now);
    const before = drafts[index - 1];
    if (index === flaws.length + 1 && before) return twin(before, before.createdAt + 3 * minute, draft);
    const customer = customers[Math.floor(customers.length / 3)];
    return index === flaws.length + 2 && customer ? twin(customer, draft.createdAt, draft) : draft;
  });
};
