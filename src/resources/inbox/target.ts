import { z } from 'zod';
import { conflict, done, forbidden, notFound, type Outcome } from '../../domain/outcome.ts';
import type { Context, Target } from '../../kit/define-action.ts';
import { findRequest, type RequestRow } from './queries.ts';

/** Names the request by its number; filled from the record, or given as a flag. */
export const RequestNumber = z.coerce.bigint().positive().meta({ hidden: true, title: 'Request' });

/** Why a request can no longer be decided; undefined while it waits. */
export const whyNotDecide = ({ id, status }: RequestRow): string | undefined =>
  status === 'pending' ? undefined : `request ${id} is ${status} already`;

/** Why there is no verdict to give on it. */
export const whyNotJudge = ({ id, breakGlass, status, verdict }: RequestRow): string | undefined => {
  if (!breakGlass || status !== 'executed') return `request ${id} was not carried out under broken glass`;
  return verdict === null ? undefined : `request ${id} is ${verdict} already`;
};

/** The request if there is one and the rule has nothing against it. */
export const requestFor = async (
  id: bigint,
  { db }: Context,
  whyNot: (request: RequestRow) => string | undefined,
): Promise<Outcome<RequestRow>> => {
  const request = await findRequest(db, id);
  if (!request) return notFound(`there is no request ${id}`);
  const objection = whyNot(request);
  return objection === undefined ? done(request) : conflict(objection);
};

/** The same for whoever checks it, which its maker is not. */
export const requestToCheck = async (id: bigint, context: Context): Promise<Outcome<RequestRow>> => {
  const request = await requestFor(id, context, whyNotDecide);
  if (!request.ok) return request;
  const { maker, checker } = request.value;
  if (maker === context.operator.name) return forbidden('whoever made a request cannot decide it', 'cancel it instead');
  return context.operator.permissions.has(checker ?? '')
    ? request
    : forbidden(`request ${id} is decided by somebody with the permission ${checker}`);
};

/** How audit and confirmation name a request. */
export const requestTarget = (request: RequestRow): Target => ({
  id: String(request.id),
  label: `${request.action} ${request.label}`,
  version: 0,
});
