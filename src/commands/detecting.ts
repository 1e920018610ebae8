import { done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyRule } from '../detection/define-rule.ts';
import { rules } from '../detection/rules.ts';
import type { Session } from '../kit/session.ts';
import type { Watch } from '../kit/watch.ts';

/** What a session watches with, or why it may not. */
export const watchOfSession = ({ watch, readOnly }: Session): Outcome<Watch> => {
  if (watch) return done(watch);
  if (readOnly) return { ok: false, refusal: readOnly };
  return forbidden('this needs the permission detection.run', 'ask an administrator for a role that has it');
};

/** A rule as people name it: R5, r5 or 5. */
export const ruleNamed = (word: string): Outcome<AnyRule> => {
  const id = /^r?(\d{1,3})$/i.exec(word)?.[1];
  const found = rules.find(rule => String(rule.id) === id);
  return found
    ? done(found)
    : notFound(`there is no rule ${safe(word, { max: 20 })}`, `there are R1 to R${rules.length}: bursar rules list`);
};

/** `--days 30`. */
export const daysFrom = (typed: string | undefined, usual: number, most: number): Outcome<number> => {
  if (typed === undefined) return done(usual);
  return /^[1-9]\d{0,3}$/.test(typed) && Number(typed) <= most ? done(Number(typed)) : invalid(`--days takes a number from 1 to ${most}`);
};
