import { z } from 'zod';

export const alertStates = ['open', 'in review', 'dismissed', 'escalated'] as const;
export type AlertState = (typeof alertStates)[number];

/** What came of an alert; the precision of its rule is counted by it. A dismissal says one of the last two, a closed case says for its alerts. */
export const alertOutcomes = ['confirmed', 'valuable', 'false positive'] as const;
export type AlertOutcome = (typeof alertOutcomes)[number];

export const DismissOutcome = z.enum(['false positive', 'valuable']).meta({ title: 'Outcome' });

/** Above this score nobody dismisses or snoozes alone. */
const scoreForTwo = 80;
/** The furthest day on which a snooze ends, counted from today. */
export const longestSnooze = 30;

/** How grave a score is, in a word: at 80 a hold is asked for. */
export const gradeOf = (score: number): 'high' | 'mid' | 'low' => (score >= 80 ? 'high' : score >= 60 ? 'mid' : 'low');

const gradeTones = { high: 'bad', mid: 'warn', low: 'info' } as const;
/** Colour only helps: the word says the same. */
export const gradeTone = (score: number): 'bad' | 'warn' | 'info' => gradeTones[gradeOf(score)];

/** What stands in for an account in a list: `1 high`, or a dash. */
export const alertsInWords = ({ openAlerts, topScore }: { readonly openAlerts: number; readonly topScore: number }): string =>
  openAlerts === 0 ? '-' : `${openAlerts} ${gradeOf(topScore)}`;

export type AlertStanding = {
  readonly id: bigint;
  readonly status: AlertState;
  readonly claimedBy: string | null;
  readonly snoozedUntil: Date | null;
  readonly caseId: bigint | null;
  readonly caseDecided: boolean;
};

const stands = ({ id, status, claimedBy }: AlertStanding): string =>
  `alert ${id} is ${status}${status === 'in review' ? ` by ${claimedBy}` : ''}`;

/** Why an alert cannot be claimed, or undefined if it can. The other rules read alike; whose it is only the one who acts can say. */
export const whyNotClaim = (alert: AlertStanding): string | undefined => (alert.status === 'open' ? undefined : stands(alert));
export const whyNotRelease = (alert: AlertStanding): string | undefined =>
  alert.status === 'in review' ? undefined : `${stands(alert)}: nobody has it`;
export const whyNotDecide = (alert: AlertStanding): string | undefined =>
  alert.status === 'in review' ? undefined : `${stands(alert)}${alert.status === 'open' ? ': claim it first' : ''}`;
export const whyNotSnooze = (alert: AlertStanding): string | undefined =>
  alert.status === 'escalated' ? `${stands(alert)}: its case decides` : undefined;
export const whyNotUnsnooze = (alert: AlertStanding): string | undefined =>
  alert.snoozedUntil ? undefined : `alert ${alert.id} is not snoozed`;
export const whyNotReopen = (alert: AlertStanding): string | undefined => {
  if (alert.status === 'open' || alert.status === 'in review') return `${stands(alert)}: there is no decision to take back`;
  return alert.caseDecided ? `case ${alert.caseId} of alert ${alert.id} is decided, or about to be` : undefined;
};

/** Whether a decision about it takes two people. */
export const eyesForScore = ({ score }: { readonly score: number }): 1 | 2 => (score > scoreForTwo ? 2 : 1);

/** `R5 structuring`. */
export const ruleName = ({ rule, ruleTitle }: { readonly rule: number; readonly ruleTitle: string }): string =>
  `R${rule} ${ruleTitle.toLowerCase()}`;

/** `35 m`, `7 h`, `12 d`: how long something has waited. */
export const ageInWords = (seconds: number): string => {
  if (seconds < 5_400) return `${Math.max(0, Math.floor(seconds / 60))} m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
};
