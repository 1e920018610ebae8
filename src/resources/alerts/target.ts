import { z } from 'zod';
import { ruleName } from '../../domain/alert.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findAlert, type AlertRow } from './queries.ts';

/** Names the alert by its number; filled from the record, or given as a flag. */
export const AlertId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Alert' });

/** The alert if it exists and the rule has nothing against it. */
export const alertFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (alert: AlertRow) => string | undefined,
): Promise<Outcome<AlertRow>> => {
  const alert = await findAlert(db, id);
  if (!alert) return notFound(`there is no alert ${id}`);
  const objection = whyNot(alert);
  return objection === undefined ? done(alert) : conflict(objection);
};

/** The same for whoever claimed it; whoever decides what its claimant asked for sees it as well. */
export const ownAlertFor = async (
  id: bigint,
  context: Context,
  whyNot: (alert: AlertRow) => string | undefined,
): Promise<Outcome<AlertRow>> => {
  const alert = await alertFor(id, context, whyNot);
  if (!alert.ok || alert.value.status !== 'in review') return alert;
  const { claimedBy, askedBy } = alert.value;
  return claimedBy === context.operator.name || claimedBy === askedBy
    ? alert
    : conflict(`alert ${id} is in review by ${claimedBy}`, 'only they decide it; they release it, or a manager');
};

/** How audit and confirmation name an alert. */
export const alertTarget = (alert: AlertRow): Target => ({
  id: String(alert.id),
  label: `alert ${alert.id} on ${alert.account}`,
  version: alert.version,
});

/** `R5 structuring about 447100220017 of Ada Byron, score 80`. */
export const alertInWords = (alert: AlertRow): string =>
  `${ruleName(alert)} about ${alert.account} of ${alert.owner}, score ${alert.score}`;
