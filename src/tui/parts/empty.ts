import { safe } from '../../domain/safe-text.ts';
import { resourceOf } from '../state/step.ts';
import type { State } from '../state/types.ts';
import { paint } from '../theme.ts';
import { paragraph } from './wrap.ts';

/** What an empty list says first, and what a person can do about it. */
const wordsOf = (state: State): readonly [first: string, ...others: string[]] => {
  const { view } = state;
  const resource = resourceOf(state);
  const title = resource.title.toLowerCase();
  if (view.status === 'loading') return [`Reading ${title} ...`, '^C cancels it.'];
  if (view.status === 'failed') {
    return [`The ${title} could not be read.`, safe(view.error ?? '', { max: 300 }), 'Nothing was changed. r reads again, [ goes back.'];
  }
  if (view.filter !== '') return [`No ${title} match /${safe(view.filter, { max: 100 })}`, 'Esc clears the filter, / changes it.'];
  if (view.count?.words !== undefined && view.base === resource.start) {
    return [`Nothing is left here: ${view.count.words}.`, resource.whenEmpty ?? 'x shows what can be done here.'];
  }
  if (view.base !== '') return [`No ${title} match ${safe(view.base, { max: 100 })}`, '[ goes back, : opens another list.'];
  return resourceOf(state).empty ?? ['Nothing is here yet.', 'x shows what can be done here.'];
};

/** The place of a list that has no rows to show. */
export const emptyLines = (state: State, width: number): readonly string[] => {
  const [first, ...others] = wordsOf(state);
  const ink = state.view.status === 'failed' ? 'bad' : 'title';
  return [
    '',
    ...paragraph(first, width, ink),
    '',
    ...others
      .filter(Boolean)
      .flatMap(line => paragraph(line, width))
      .map(line => paint(line, 'dim')),
  ];
};
