import { randomUUID } from 'node:crypto';
import { done, invalid, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { AnyAction } from '../kit/define-action.ts';
import type { AnyResource } from '../kit/define-resource.ts';
import type { Arguments } from './arguments.ts';

/** One action as it was asked for on the command line. */
export type Call = { readonly resource: AnyResource; readonly action: AnyAction; readonly typed: Arguments };

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The key of a request; undefined where it was not given. */
export const requestOf = (flags: Readonly<Record<string, string>>): Outcome<string | undefined> => {
  const { request } = flags;
  return request === undefined || uuid.test(request)
    ? done(request?.toLowerCase())
    : invalid(`--request "${safe(request, { max: 60 })}" is no UUID`, `write one like ${randomUUID()}`);
};
