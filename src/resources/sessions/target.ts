import { z } from 'zod';
import { formatInstant } from '../../domain/day.ts';
import { conflict, done, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findSession, type SessionRow } from './queries.ts';

/** Names the session; filled from the record, or given as a number. */
export const SessionId = z.coerce.bigint().positive().meta({ hidden: true, title: 'Session' });

const live = ({ state }: SessionRow): boolean => state === 'open' || state === 'locked';

/** Why a session of a user cannot be ended, or undefined. */
export const whyNotEnd = (session: SessionRow): string | undefined => {
  if (session.kind !== 'user') return 'this is a session of an operator: end it as one';
  return live(session) ? undefined : `this session is ${session.state} already`;
};

export const whyNotEndOperator = (session: SessionRow): string | undefined => {
  if (session.kind !== 'operator') return 'this is a session of a user';
  return live(session) ? undefined : `this session is ${session.state} already`;
};

export const sessionFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (session: SessionRow) => string | undefined,
): Promise<Outcome<SessionRow>> => {
  const session = await findSession(db, id);
  if (!session) return notFound(`there is no session ${id}`);
  const objection = whyNot(session);
  return objection === undefined ? done(session) : conflict(objection);
};

export const nameOfSession = ({ who, client }: SessionRow): string => `${who} on ${client}`;

/** A session has no version: ending it is compare-and-set. */
export const sessionTarget = (session: SessionRow): Target => ({ id: String(session.id), label: nameOfSession(session), version: 0 });

export const whereFrom = ({ client, ip, startedAt, lastSeenAt }: SessionRow): string =>
  `${client} at ${ip ?? 'this machine'}, since ${formatInstant(startedAt)}, last seen ${formatInstant(lastSeenAt)}`;
