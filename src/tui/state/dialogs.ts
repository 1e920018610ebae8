import { beneath } from './beneath.ts';
import { carryOut } from './confirm.ts';
import type { Step } from './effects.ts';
import type { Event, Happening } from './events.ts';
import { changeMode, findMode } from './mode.ts';
import { beatAnew, codeHolds } from './pulse.ts';
import { andThen, stay, withFlash, withMode } from './step.ts';
import type { After, Sheet } from './session-types.ts';
import type { Mode, State } from './types.ts';

type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** Goes on with what a dialog lay over: what was confirmed already is carried out now. */
const goOn = (state: State, under: Mode, after: After, at: number): Step => {
  const back = withMode(state, under);
  return after === 'carry-out' && under.kind === 'confirm' ? carryOut(back, under.confirm, at) : stay(back);
};

const refusedIn = (sheet: Sheet, { message, next }: { readonly message: string; readonly next?: string }): Sheet => ({
  ...sheet,
  waiting: false,
  focus: 0,
  errors: { '': next === undefined ? message : `${message}; ${next}` },
});

const time = (at: number): string => new Date(at).toISOString().slice(11, 16);

/** A window was opened or renewed, or refused. */
export const windowAnswered = (state: State, { outcome, at }: Of<'window-answered'>): Step => {
  const asked = findMode(state.mode, 'window');
  if (!outcome.ok) {
    const { message, next } = outcome.refusal;
    if (!asked?.sheet.waiting) return stay(withFlash(state, 'bad', message, next));
    return stay({
      ...state,
      mode: changeMode(state.mode, 'window', mode => ({ ...mode, sheet: refusedIn(mode.sheet, outcome.refusal) })),
    });
  }
  const until = outcome.value.getTime();
  const pulse = { ...state.pulse, writesUntil: until - state.pulse.ahead, wroteBefore: true };
  const told = withFlash({ ...state, pulse }, 'good', `you may write until ${time(until)}Z`, 'W closes it earlier');
  const next = asked?.sheet.waiting ? beneath(told, below => goOn(below, asked.under, asked.after, at), 'window') : stay(told);
  return andThen(next, beatAnew);
};

export const windowClosed = (state: State): Step => {
  const closed = { ...state, pulse: { ...state.pulse, writesUntil: undefined } };
  return beatAnew(withFlash(closed, 'info', 'read-only again', 'W opens a write window'));
};

/** A code was taken, or refused. */
export const codeAnswered = (state: State, { outcome, at }: Of<'code-answered'>): Step => {
  const asked = findMode(state.mode, 'code');
  const pulse = outcome.ok ? { ...state.pulse, codeUntil: at + codeHolds } : state.pulse;
  const known = { ...state, pulse };
  if (!asked) return stay(known);
  if (outcome.ok)
    return andThen(
      beneath(known, below => goOn(below, asked.under, asked.after, at), 'code'),
      beatAnew,
    );
  return stay({ ...known, mode: changeMode(state.mode, 'code', mode => ({ ...mode, sheet: refusedIn(mode.sheet, outcome.refusal) })) });
};
