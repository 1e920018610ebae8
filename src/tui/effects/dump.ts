import { fieldsOf } from '../../kit/form-fields.ts';
import type { Event } from '../state/events.ts';
import { layoutOf } from '../state/layout.ts';
import { underOf } from '../state/mode.ts';
import { fieldInFocus } from '../state/sheet.ts';
import type { FormState, Mode, State } from '../state/types.ts';

/** What is typed where secrets are typed is not even kept in memory. */
export const withoutSecret = (state: State, event: Event): Event => {
  const { kind } = state.mode;
  const isSecret =
    kind === 'sign-in' || kind === 'lock' || kind === 'code' || (kind === 'form' && fieldInFocus(state.mode.form)?.kind === 'secret');
  switch (event.kind) {
    case 'text-changed':
      return isSecret ? { ...event, text: '' } : event;
    case 'demo-code-shown':
      return { ...event, code: '' };
    case 'log-read':
      return { ...event, items: [] }; // megabytes in a flood
    default:
      return event;
  }
};

/** An event without the records it carried. */
export const brief = (event: Event): Readonly<Record<string, unknown>> => {
  const at = new Date(event.at).toISOString();
  switch (event.kind) {
    case 'page-read':
    case 'page-refreshed':
      return { at, kind: event.kind, asked: event.asked, rows: event.page.rows.length, more: event.page.more };
    case 'text-changed':
      // how much was typed of a password is nobody's business either
      return { at, kind: event.kind };
    case 'key-pressed':
      return { at, kind: event.kind, intent: event.intent.name };
    case 'read-failed':
      return { at, kind: event.kind, what: event.what, message: event.message };
    case 'previewed':
    case 'bulk-previewed':
    case 'finished':
    case 'settled':
    case 'bulk-finished':
      return { at, kind: event.kind, outcome: event.outcome.ok ? 'done' : event.outcome.refusal.kind };
    case 'resized':
      return { at, kind: event.kind, size: event.size };
    default:
      return { at, kind: event.kind };
  }
};

const formWithoutSecrets = (state: State, form: FormState): object => {
  const action = state.registry.actions.find(candidate => candidate.id === form.action);
  const secret = new Set(action ? fieldsOf(action.input).flatMap(field => (field.kind === 'secret' ? [field.key] : [])) : []);
  const typed = Object.entries(form.typed).map(([key, value]) => [key, secret.has(key) ? '[secret]' : value]);
  return { ...form, typed: Object.fromEntries(typed) as object, fields: form.fields.map(field => field.key) };
};

const modeOf = (state: State, mode: Mode): object => {
  if (mode.kind === 'form') return { ...mode, form: formWithoutSecrets(state, mode.form) };
  if (mode.kind === 'confirm') return { kind: mode.kind, form: formWithoutSecrets(state, mode.confirm.form), focus: mode.confirm.focus };
  if (mode.kind === 'bulk') return { kind: mode.kind, total: mode.bulk.total, done: mode.bulk.results.length };
  if (mode.kind === 'logs') return { kind: mode.kind, held: mode.logs.ring.lines.length, shown: mode.logs.shown.length, at: mode.logs.at };
  // Passwords, codes and why somebody was refused stay here
  const under = underOf(mode);
  if (under) return { kind: mode.kind, under: modeOf(state, under) };
  return mode;
};

/** The state as a fixture: what was on screen, without what was held behind it. */
export const describeState = (state: State): object => {
  const { view, size, mode, flash, paused, follow, asked, lostSince } = state;
  const { window, marks, detail, ...list } = view;
  const visible = window.rows.slice(view.top, view.top + layoutOf(size).listRows);
  return {
    size,
    mode: modeOf(state, mode),
    flash,
    paused,
    follow,
    asked,
    lostSince,
    back: state.back.map(left => ({ resource: left.resource, base: left.base, filter: left.filter })),
    view: {
      ...list,
      first: undefined,
      window: { held: window.rows.length, moreBefore: window.moreBefore, moreAfter: window.moreAfter, visible: visible.map(row => row.id) },
      marks: marks.size,
      detail: detail && { id: detail.id, sections: detail.sections?.map(section => section.title), scroll: detail.scroll },
    },
  };
};
