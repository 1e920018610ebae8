import type { Day } from '../domain/day.ts';
import type { FullName } from './names.ts';

export type Paper = 'verified' | 'expired' | 'rejected' | 'received' | 'missing';
export type PersonKind = 'staff' | 'employer' | 'landlord' | 'customer' | 'applicant' | 'visitor';

/** A user of the bank as planned; ids follow the order of creation. */
export type Person = {
  readonly id: number;
  readonly kind: PersonKind;
  readonly username: string;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly birthDate: Day | null;
  readonly phone: string | null;
  readonly role: string;
  readonly status: string;
  readonly createdAt: number;
  readonly createdBy: number | null;
  readonly emailVerifiedAt: number | null;
  readonly identity: Paper;
  readonly address: Paper;
  /** Lives by night: buys between midnight and five. */
  readonly owl: boolean;
};

/** A person before everybody is put into order. */
export type Draft = Omit<Person, 'id' | 'username' | 'email'> & { readonly name: FullName };
