import { fit, safe } from '../../domain/safe-text.ts';
import type { State } from '../state/types.ts';
import { panesOf } from '../state/panes.ts';
import { paint } from '../theme.ts';

/** Panes and saved filters, for screens that have room for them. `>` is where one is. */
export const navigationLines = (state: State, width: number): readonly string[] => {
  const { view, registry, saved } = state;
  const heading = (text: string) => paint(fit(text, width), 'dim');
  const panes = panesOf(registry).map((resource, index) => {
    const here = resource.id === view.resource;
    const line = fit(`${here ? '>' : ' '} ${index + 1} ${resource.title}`, width);
    return here ? paint(line, 'title') : line;
  });
  const names = Object.entries(saved[view.resource] ?? {}).map(([name, filter]) => {
    const here = filter === [view.base, view.filter].filter(Boolean).join(' ');
    return fit(`${here ? '>' : ' '} ${safe(name, { max: 60 })}`, width);
  });
  return [heading('  PANES'), ...panes, '', heading('  SAVED FILTERS'), ...(names.length > 0 ? names : [heading('  none, :save NAME')])];
};
