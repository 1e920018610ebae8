import { columnsOf, fit, safe } from '../../domain/safe-text.ts';
import type { AnyResource } from '../../kit/define-resource.ts';
import type { Registry } from '../../kit/session.ts';
import type { State, View } from '../state/types.ts';
import { paint } from '../theme.ts';
import { detailLines, wrap } from './detail.ts';
import { listLines } from './list.ts';

/** What an empty list says, and what a person can do about it. */
const emptyLines = (view: View, resource: AnyResource): readonly string[] => {
  if (view.status === 'loading') return [`reading ${resource.title.toLowerCase()} ...`];
  if (view.status === 'failed')
    return ['could not be read', safe(view.error ?? '', { max: 300 }), '', 'what was here before is untouched; r tries again'];
  if (view.filter !== '')
    return [`no ${resource.title.toLowerCase()} match ${safe(view.filter, { max: 100 })}`, '', 'Esc clears the filter, / changes it'];
  return [`there are no ${resource.title.toLowerCase()} yet`];
};

const listPart = (view: View, resource: AnyResource, width: number, height: number): readonly string[] => {
  if (view.window.rows.length > 0) return listLines(resource, view, width, height);
  const [first = '', ...others] = emptyLines(view, resource);
  return [
    '',
    ...wrap(`  ${first}`, width).map(line => paint(line, view.status === 'failed' ? 'bad' : 'title')),
    ...others.flatMap(line => wrap(`  ${line}`, width).map(part => paint(part, 'dim'))),
  ];
};

/** Saved filters and panes, for screens that have room for them. */
const navigation = (state: State, registry: Registry, width: number): readonly string[] => {
  const panes = registry.resources.map((resource, index) => {
    const line = fit(`${index + 1} ${resource.title}`, width);
    return resource.id === state.view.resource ? paint(line, 'title') : line;
  });
  const saved = Object.keys(state.saved[state.view.resource] ?? {}).map(name => fit(`  ${safe(name, { max: 60 })}`, width));
  return [
    paint(fit('PANES', width), 'dim'),
    ...panes,
    '',
    paint(fit('SAVED FILTERS', width), 'dim'),
    ...(saved.length > 0 ? saved : [paint(fit('  none, :save NAME', width), 'dim')]),
  ];
};

/** Pads a painted line to a width; painted lines are never wider than they were made for. */
const padded = (line: string, width: number): string => {
  // eslint-disable-next-line no-control-regex -- our own colours are taken out before counting
  const plain = line.replaceAll(/\u001B\[[0-9;]*m/g, '');
  return line + ' '.repeat(Math.max(0, width - columnsOf(plain)));
};

export type Part = { readonly lines: readonly string[]; readonly width: number };

/** Sets parts side by side, with a bar between them. */
export const beside = (parts: readonly Part[], height: number): readonly string[] =>
  Array.from({ length: height }, (_, index) =>
    parts
      .map(({ lines, width }, part) => (part === parts.length - 1 ? (lines[index] ?? '') : padded(lines[index] ?? '', width)))
      .join(paint(' | ', 'dim')),
  );

const navigationWidth = 20;
const bar = 3;

/** The middle of the screen: the list, its detail where there is room or it was opened, and the panes on a wide one. */
export const bodyLines = (state: State, registry: Registry, resource: AnyResource, width: number, height: number): readonly string[] => {
  const { view } = state;
  const wide = width >= 170;
  const medium = width >= 110;
  const detail = view.detail;
  if (!medium) {
    if (detail && view.inDetail) return detailLines(detail, width, height);
    return listPart(view, resource, width, height);
  }
  const left = wide ? navigationWidth + bar : 0;
  const right = detail ? Math.min(80, Math.floor((width - left) * 0.42)) : 0;
  const middle = width - left - (right > 0 ? right + bar : 0);
  return beside(
    [
      ...(wide ? [{ lines: navigation(state, registry, navigationWidth), width: navigationWidth }] : []),
      { lines: listPart(view, resource, middle, height), width: middle },
      ...(detail ? [{ lines: detailLines(detail, right, height), width: right }] : []),
    ],
    height,
  );
};
