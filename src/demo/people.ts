import type { Day } from '../domain/day.ts';
import type { Draft, Person, PersonKind } from './person.ts';
import { hour, minute, wholeDay, type BankDay } from './bank-days.ts';
import { applicants } from './applicants.ts';
import { firmName, hostileNames, personName, type FullName } from './names.ts';
import { operatorId } from './operators.ts';
import { randomFrom, type Random } from './random.ts';
import type { Scale } from './scale.ts';

/** Some births share a day only every 21,900 people, so that nobody is like another by accident. */
const birthDate = (index: number, now: number): Day =>
  new Date(now - (19 * 365.25 + 1 + ((index * 7_919) % 21_900)) * wholeDay).toISOString().slice(0, 10);

const staffRoles = [
  'admin',
  'admin',
  'admin',
  'developer',
  'developer',
  'developer',
  'executive',
  'executive',
  'designer',
  'designer',
  'designer',
  'executor',
  'executor',
  'executor',
  'executor',
];

const draft = (kind: PersonKind, name: FullName, createdAt: number, index: number, now: number): Draft => ({
  kind,
  name,
  firstName: name.first.written,
  lastName: name.last.written,
  birthDate: birthDate(index, now),
  phone: name.phone,
  role: 'customer',
  status: 'active',
  createdAt,
  createdBy: null,
  emailVerifiedAt: createdAt + 20 * minute,
  identity: 'verified',
  address: 'verified',
  owl: false,
});

const statusAmongStaff = (index: number): string =>
  index === 2 || index === 9 ? 'deactivated' : index === 11 ? 'locked' : index === 14 || index === 20 ? 'invited' : 'active';

const staff = (count: number, launch: number, now: number, random: Random): Draft[] =>
  Array.from({ length: count }, (_, index) => ({
    ...draft('staff', personName(random), launch - (20 - index / 2) * wholeDay, index, now),
    role: staffRoles[index] ?? 'viewer',
    status: statusAmongStaff(index),
    createdBy: operatorId('ada'),
    identity: 'missing',
    address: 'missing',
  }));

/** Half of the customers come with the launch, the others over the year. */
const arrival = (share: number, launch: number, span: number): number =>
  launch + (share < 0.5 ? share * 0.14 : 0.07 + (share - 0.5) * 1.86) * span;

const customers = (kind: 'customer' | 'visitor', count: number, launch: number, now: number, random: Random): Draft[] =>
  Array.from({ length: count }, (_, index) => {
    const name = (kind === 'customer' && hostileNames[index - Math.floor(count / 2)]) || personName(random);
    const createdAt = Math.floor(arrival((index + random.next()) / count, launch, now - launch - 2 * hour));
    const person = draft(kind, name, createdAt, (kind === 'customer' ? 200 : 15_000) + index, now);
    const [fate, paper, owl] = [random.next(), random.next(), random.chance(0.03)];
    if (kind === 'visitor' && index % 2 === 0)
      return {
        ...person,
        status: 'invited',
        createdBy: operatorId('lena'),
        emailVerifiedAt: null,
        identity: 'missing',
        address: 'missing',
      };
    return {
      ...person,
      owl,
      status: fate < 0.008 ? 'locked' : fate < 0.018 ? 'deactivated' : 'active',
      createdBy: random.chance(0.15) ? operatorId('lena') : null,
      emailVerifiedAt: random.chance(0.97) ? createdAt + random.between(2, 600) * minute : null,
      identity: paper < 0.03 ? 'expired' : 'verified',
      address: paper > 0.98 ? 'received' : 'verified',
    };
  });

const firms = (kind: 'employer' | 'landlord', count: number, launch: number, now: number): Draft[] =>
  Array.from({ length: count }, (_, index) =>
    draft(kind, firmName(kind, index), launch - (3 - index / count) * wholeDay, (kind === 'employer' ? 30 : 100) + index, now),
  );

/** Gives ids and unique usernames in the order of creation. */
const numbered = (drafts: Draft[]): Person[] => {
  const taken = new Set<string>();
  return drafts
    .sort((a, b) => a.createdAt - b.createdAt)
    .map(({ name, ...person }, index) => {
      const plain = `${name.first.plain}.${name.last.plain}`;
      const username = taken.has(plain) ? `${plain}${index + 1}` : plain;
      taken.add(username);
      const host =
        person.kind === 'staff'
          ? 'bank.example'
          : person.kind === 'customer' || person.kind === 'applicant' || person.kind === 'visitor'
            ? 'mail.example'
            : 'firm.example';
      return { id: index + 1, username, email: `${username}@${host}`, ...person };
    });
};

/** Everybody who ever signed up, in the order in which they did. */
export const planPeople = (scale: Scale, days: readonly BankDay[], now: number, seed: number): readonly Person[] => {
  const launch = days[0]?.start ?? now;
  const random = randomFrom(seed, 'people');
  const known = scale.staff + scale.employers + scale.landlords + scale.applicants + scale.visitors;
  const regulars = customers('customer', scale.users - known, launch, now, random);
  return numbered([
    ...staff(scale.staff, launch, now, random),
    ...firms('employer', scale.employers, launch, now),
    ...firms('landlord', scale.landlords, launch, now),
    ...regulars,
    ...customers('visitor', scale.visitors, launch, now, random),
    ...applicants(scale.applicants, regulars, now, random, (name, createdAt, index) =>
      draft('applicant', name, createdAt, 16_000 + index, now),
    ),
  ]);
};
