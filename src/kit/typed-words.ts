import type { Environment } from './session.ts';
import type { AnyAction, Target } from './define-action.ts';

/** What is about to be changed, as far as it is known: how many records, and of one alone which. */
type Meant = { readonly records: number; readonly target: Pick<Target, 'label'> };

/**
 * What a person types before a dangerous action is done, on screen and with --confirm: nothing, the label of what it changes, or that
 * and the environment. Of several records it is their number: nobody types fifty names.
 */
export const wordsToType = (
  { danger }: Pick<AnyAction, 'danger'>,
  { records, target }: Meant,
  { name: environment }: Pick<Environment, 'name'>,
): string => {
  if (danger === 'plain') return '';
  const what = records > 1 ? String(records) : target.label;
  return danger === 'typed' ? what : `${what} ${environment}`;
};
