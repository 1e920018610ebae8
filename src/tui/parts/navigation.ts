import { fit, safe } from '../../domain/safe-text.ts';
import type { State } from '../state/types.ts';
import { panesOf } from '../state/panes.ts';
import { paint } from '../theme.ts';

const heading = (text: string, width: number): string => paint(fit(text, width), 'dim');

/** Below these no line is spent on how many are above. */
const fewLines = 3;

/** From the first pane on, or where that has no room for the one that is open, those up to it and the next; where there is hardly any, from it on. */
const panesInRoom = (lines: readonly string[], here: number, room: number, width: number): readonly string[] => {
  if (here < room) return lines;
  if (room < fewLines) return lines.slice(here);
  const from = Math.min(here + 2, lines.length) - room + 1;
  return [heading(`  ${from} more above`, width), ...lines.slice(from)];
};

/** Panes and saved filters, for screens that have room for them. `>` is where one is. */
export const navigationLines = (state: State, width: number, height: number): readonly string[] => {
  const { view, registry, saved } = state;
  const resources = panesOf(registry);
  const panes = resources.map((resource, index) => {
    const here = resource.id === view.resource;
    const line = fit(`${here ? '>' : ' '} ${index + 1} ${resource.title}`, width);
    return here ? paint(line, 'title') : line;
  });
  const names = Object.entries(saved[view.resource] ?? {}).map(([name, filter]) => {
    const here = filter === [view.base, view.filter].filter(Boolean).join(' ');
    return fit(`${here ? '>' : ' '} ${safe(name, { max: 60 })}`, width);
  });
  const filters = ['', heading('  SAVED FILTERS', width), ...(names.length > 0 ? names : [heading('  none, :save NAME', width)])];
  const opened = Math.max(0, resources.findIndex(({ id }) => id === view.resource)); // prettier-ignore
  return [heading('  PANES', width), ...panesInRoom(panes, opened, Math.max(1, height - 1), width), ...filters].slice(0, height);
};
