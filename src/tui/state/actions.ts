import type { Keyed } from '../../domain/page.ts';
import type { Binding } from '../../kit/define-resource.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { openForm } from './form.ts';
import { markAll } from './marks.ts';
import { actionOf, andThen, browsing, resourceOf, rowAtCursor, stay, withFlash, withMode } from './step.ts';
import type { Choice, Mode, State } from './types.ts';
import { follow } from './views.ts';

type Actions = Extract<Mode, { kind: 'actions' }>;

/** The marked records that are held, or the one under the cursor. */
const rowsMeant = (state: State): readonly Keyed[] => {
  const { marks, window } = state.view;
  const row = rowAtCursor(state.view);
  if (marks.size > 0) return window.rows.filter(candidate => marks.has(String(candidate.id)));
  return row ? [row] : [];
};

const idsMeant = (state: State): readonly string[] => {
  const { marks, cursor } = state.view;
  if (marks.size > 0) return [...marks];
  return cursor === undefined ? [] : [String(cursor)];
};

/** Why none of the records can have it; records that are not held are not spoken for. */
const reasonAgainst = (binding: Binding<Keyed>, rows: readonly Keyed[], count: number): string | undefined => {
  if (count === 0) return 'there is no record here';
  if ((binding.single || binding.over) && count > 1) return 'one record at a time: take the marks away';
  const reasons = rows.map(row => binding.whyNot(row));
  return rows.length === count && reasons.every(reason => reason !== undefined) ? reasons[0] : undefined;
};

const choice = (state: State, key: string, { action, over, title }: Binding<never>, reason: string | undefined): readonly Choice[] => {
  const known = actionOf(state, action);
  if (!known) return [];
  const allowed = state.session?.operator.permissions.has(known.permission) ?? false;
  const why = allowed ? reason : `needs the permission ${known.permission}`;
  const label = over?.title ?? title ?? known.title;
  return [why === undefined ? { key, label } : { key, label, disabled: why }];
};

/** What can be done here, with the reason where it cannot. */
export const choicesOf = (state: State): readonly Choice[] => {
  const resource = resourceOf(state);
  const rows = rowsMeant(state);
  const count = idsMeant(state).length;
  return [
    ...Object.entries(resource.actions)
      .filter(([, binding]) => rows.length === 0 || rows.some(row => binding.fits?.(row) !== false))
      .flatMap(([key, binding]) => choice(state, key, binding, reasonAgainst(binding, rows, count))),
    ...Object.entries(resource.general ?? {}).flatMap(([key, binding]) => choice(state, key, binding, binding.whyNot(undefined))),
  ];
};

export const openActions = (state: State): Step => {
  const choices = choicesOf(state);
  if (choices.length === 0) return stay(withFlash(state, 'info', `${resourceOf(state).title} has no actions`));
  return stay(withMode(state, { kind: 'actions', choices, chosen: 0 }));
};

/** Opens the form of an action for the marked records, the one under the cursor, or none. */
const begin = (state: State, key: string): Step => {
  const resource = resourceOf(state);
  const general = resource.general?.[key];
  const closed = browsing(state);
  if (general) return openForm(closed, { action: general.action, ids: [], label: '', typed: general.inputFrom(undefined) });
  const binding = resource.actions[key];
  if (!binding) return stay(closed);
  const ids = idsMeant(state);
  const row = rowsMeant(state).find(candidate => String(candidate.id) === ids[0]);
  if (ids.length > 1 && (binding.single || binding.over))
    return stay(withFlash(closed, 'warn', 'one record at a time: take the marks away'));
  if (binding.over && row) return andThen(follow(closed, binding.over.where(row)), found => markAll(found, binding.action));
  if (ids.length > 1)
    return openForm(closed, { action: binding.action, ids, label: `${ids.length.toLocaleString('en')} records`, typed: {} });
  const label = row ? (binding.called?.(row) ?? resource.nameOf(row)) : 'the marked record';
  return openForm(closed, { action: binding.action, ids, label, typed: row ? binding.inputFrom(row) : { id: ids[0] ?? '' } });
};

const choose = (state: State, chosen: Choice): Step =>
  chosen.disabled === undefined ? begin(state, chosen.key) : stay(withFlash(state, 'warn', `${chosen.label}: ${chosen.disabled}`));

/** Keys after `x`. */
export const actionsPressed = (state: State, mode: Actions, intent: Intent): Step => {
  switch (intent.name) {
    case 'letter-typed': {
      const chosen = mode.choices.find(candidate => candidate.key === intent.letter);
      return chosen ? choose(state, chosen) : stay(withFlash(state, 'info', `there is no action ${intent.letter} here`));
    }
    case 'moved': {
      const goal = intent.by === 'first' ? 0 : intent.by === 'last' ? mode.choices.length - 1 : mode.chosen + (Number(intent.by) || 0);
      return stay(withMode(state, { ...mode, chosen: Math.max(0, Math.min(mode.choices.length - 1, goal)) }));
    }
    case 'confirmed': {
      const chosen = mode.choices[mode.chosen];
      return chosen ? choose(state, chosen) : stay(state);
    }
    case 'escaped':
    case 'interrupted':
      return stay(browsing(state));
    default:
      return stay(state);
  }
};
