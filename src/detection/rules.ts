import type { AnyRule } from './define-rule.ts';
import { r01Large } from './r01-large.ts';
import { r02Velocity } from './r02-velocity.ts';
import { r03Round } from './r03-round.ts';
import { r04FlaggedParty } from './r04-flagged-party.ts';
import { r05Structuring } from './r05-structuring.ts';
import { r06Dormant } from './r06-dormant.ts';
import { r07NewPayee } from './r07-new-payee.ts';
import { r08Night } from './r08-night.ts';
import { r09PassThrough } from './r09-pass-through.ts';
import { r10Fan } from './r10-fan.ts';
import { r11OwnHistory } from './r11-own-history.ts';
import { r12NewAccount } from './r12-new-account.ts';
import { r13LimitProbing } from './r13-limit-probing.ts';
import { r14RoundTrip } from './r14-round-trip.ts';
import { r15CredentialChange } from './r15-credential-change.ts';
import { r16NearTheDailyLimit } from './r16-near-the-daily-limit.ts';

/** Every rule of transaction monitoring, by number. */
export const rules: readonly AnyRule[] = [
  r01Large,
  r02Velocity,
  r03Round,
  r04FlaggedParty,
  r05Structuring,
  r06Dormant,
  r07NewPayee,
  r08Night,
  r09PassThrough,
  r10Fan,
  r11OwnHistory,
  r12NewAccount,
  r13LimitProbing,
  r14RoundTrip,
  r15CredentialChange,
  r16NearTheDailyLimit,
];
