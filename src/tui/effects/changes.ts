import { failed, type Outcome } from '../../domain/outcome.ts';
import type { AnyAction } from '../../kit/define-action.ts';
import { explainError } from '../../kit/explain.ts';
import type { RecordResult } from '../../kit/run-bulk.ts';
import type { Session } from '../../kit/session.ts';
import type { Happening } from '../state/events.ts';
import { typedOf } from '../state/form.ts';
import { sentBy } from '../state/outcomes.ts';
import type { ConfirmState, FormState, Unsettled } from '../state/types.ts';

type Tell = (error: unknown) => void;

/** Results of a bulk are told together, so that ten thousand records are not ten thousand frames; milliseconds. */
const resultsEvery = 100;

/** What nobody expected ends a change like a refusal: it was rolled back, and the draft stays. */
const orFailed = async <T>(work: Promise<Outcome<T>>, tell: Tell): Promise<Outcome<T>> => {
  try {
    return await work;
  } catch (error) {
    tell(error);
    const { message, next, lost } = explainError(error);
    return failed(`${message}; nothing was changed`, lost ? 'try again when it is back' : (next ?? 'the log says more'));
  }
};

/** What the fields of a form may be filled in with; where that cannot be read they are filled in by hand. */
export const offer = async (session: Session, action: AnyAction, { request }: FormState, tell: Tell): Promise<Happening> => {
  try {
    return { kind: 'offered', request, offers: await session.offers(action) };
  } catch (error) {
    tell(error);
    return { kind: 'offered', request, offers: {} };
  }
};

/** What would happen. */
export const preview = async (session: Session, action: AnyAction, form: FormState, tell: Tell): Promise<Happening> => {
  const { request, ids } = form;
  if (ids.length > 1) {
    return { kind: 'bulk-previewed', request, outcome: await orFailed(session.previewBulk(action, ids, typedOf(form)), tell) };
  }
  return { kind: 'previewed', request, outcome: await orFailed(session.preview(action, typedOf(form)), tell) };
};

export const run = async (session: Session, action: AnyAction, confirm: ConfirmState, tell: Tell): Promise<Happening> => {
  const { typed, options } = sentBy(confirm);
  return { kind: 'finished', request: options.request, outcome: await orFailed(session.run(action, typed, options), tell) };
};

export const settle = async (session: Session, action: AnyAction, unsettled: Unsettled, tell: Tell): Promise<Happening | undefined> => {
  try {
    const outcome = await session.settle(action, unsettled.typed, unsettled.options);
    return { kind: 'settled', request: unsettled.options.request, outcome };
  } catch (error) {
    tell(error);
    return undefined;
  }
};

/** A bulk that runs: it can be let on after its first record, and stopped. */
export type RunningBulk = { readonly proceed: (yes: boolean) => void; readonly abort: () => void };

type BulkWork = {
  readonly session: Session;
  readonly action: AnyAction;
  readonly confirm: ConfirmState;
  readonly dispatch: (happening: Happening) => void;
};

/** Runs a bulk, and tells its results in batches. */
export const runBulk = ({ session, action, confirm, dispatch }: BulkWork, tell: Tell): RunningBulk => {
  const { form } = confirm;
  const { request } = form;
  const stop = new AbortController();
  const { promise: agreed, resolve: proceed } = Promise.withResolvers<boolean>();
  let waiting: RecordResult[] = [];
  const flush = (atCanary: boolean): void => {
    const results = waiting;
    waiting = [];
    if (results.length > 0 || atCanary) dispatch({ kind: 'records-finished', request, results, atCanary });
  };
  const timer = setInterval(() => flush(false), resultsEvery);
  const watch = {
    signal: stop.signal,
    onResult: (result: RecordResult) => void waiting.push(result),
    proceed: async () => {
      flush(true);
      return agreed;
    },
  };
  const expected = Object.fromEntries(
    (confirm.bulk?.previews ?? []).map(({ target, hash }) => [target.id, { version: target.version, hash }]),
  );
  const work = session.runBulk(action, { request, ids: form.ids, typed: typedOf(form), expected }, watch);
  void orFailed(work, tell).then(outcome => {
    clearInterval(timer);
    flush(false);
    dispatch({ kind: 'bulk-finished', request, outcome });
  });
  return {
    proceed,
    abort: () => {
      stop.abort();
      proceed(false);
    },
  };
};
