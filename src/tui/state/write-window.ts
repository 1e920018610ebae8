import type { AnyAction } from '../../kit/define-action.ts';
import type { Step } from './effects.ts';
import type { Intent } from './events.ts';
import { newSheet, sheetPressed } from './sheet.ts';
import { stay, step, withFlash, withMode } from './step.ts';
import type { After, Sheet } from './session-types.ts';
import type { Choice, Mode, State } from './types.ts';

type Of<Kind extends Mode['kind']> = Extract<Mode, { kind: Kind }>;

/** Minutes that a window can be opened for; the one in the middle unless said. */
const lengths = ['5', '15', '30', '60'] as const;
const usual = '15';
/** The shortest reason that a reviewer can do something with, in characters. */
const shortestReason = 4;

const isWriting = ({ pulse, now }: State): boolean => pulse.writesUntil !== undefined && pulse.writesUntil > now;

/** Whether an action would be refused for want of a window. Before the first pulse, and where nobody signed in, nobody knows. */
export const lacksWindow = (state: State): boolean =>
  state.session?.presence !== undefined && !state.session.readOnly && state.pulse.last !== undefined && !isWriting(state);

/** The same for one action. What concerns oneself alone may need no window, and the database says so when it does; deciding requests needs one. */
export const lacksWindowFor = (state: State, action: AnyAction | undefined): boolean =>
  action !== undefined && (action.permission !== 'self' || action.entity === 'approval') && lacksWindow(state);

export const isIncidentOpen = ({ pulse }: State): boolean => Boolean(pulse.last?.incident);

const windowSheet = (hasDraft: boolean): Sheet =>
  newSheet({
    title: 'Open a write window',
    says: [hasDraft ? 'Read-only so far. What you began goes on afterwards.' : 'Read-only so far. The log keeps the reason you give.'],
    words: { button: 'Open', calm: 'it closes by itself; W closes it earlier', busy: 'opening the window ...' },
    fields: [
      { key: 'reason', title: 'Reason or ticket' },
      { key: 'minutes', title: 'Minutes', kind: 'choice', choices: lengths, initial: usual },
    ],
  });

/** Asks for a reason and a length, over whatever was begun. */
export const askWindow = (state: State, after: After): State =>
  withMode(state, { kind: 'window', sheet: windowSheet(state.mode.kind !== 'browse'), after, under: state.mode });

const choicesOf = (state: State): readonly Choice[] => {
  const renew = { key: 'r', label: `Renew it for ${usual} min, with the same reason` };
  return [
    isWriting(state)
      ? { key: 'c', label: 'Close it: read-only again' }
      : { key: 'c', label: 'Close it: read-only again', disabled: 'it is closed already' },
    isIncidentOpen(state) ? renew : { ...renew, disabled: 'only while an incident is open' },
    { key: 'n', label: 'Another reason or length' },
  ];
};

/** `W`: opens a window, or asks what to do with the one that is open, or that an incident lets renew. */
export const openWindow = (state: State): Step => {
  const { session } = state;
  if (!session?.presence || session.readOnly) {
    return stay(withFlash(state, 'warn', session?.readOnly?.message ?? 'nobody has signed in here', session?.readOnly?.next));
  }
  if (!session.operator.permissions.has('window.open')) {
    return stay(withFlash(state, 'warn', 'a write window needs the permission window.open', 'ask an administrator for a role that has it'));
  }
  const calm = { ...state, flash: undefined };
  if (!isWriting(state) && !(isIncidentOpen(state) && state.pulse.wroteBefore)) return stay(askWindow(calm, 'go-on'));
  return stay(withMode(calm, { kind: 'window-menu', choices: choicesOf(state), chosen: 0, under: state.mode }));
};

/** A window closes by itself, or somebody closes it; what was begun stays. */
export const lapsed = (state: State): State =>
  withFlash(
    { ...state, pulse: { ...state.pulse, writesUntil: undefined } },
    'warn',
    'the write window closed: W opens it again, your draft is kept',
  );

const submit = (state: State, mode: Of<'window'>): Step => {
  const reason = (mode.sheet.typed['reason'] ?? '').trim();
  if (reason.length < shortestReason) {
    const errors = { reason: reason === '' ? 'is missing' : `takes at least ${shortestReason} characters` };
    return stay(withMode(state, { ...mode, sheet: { ...mode.sheet, errors, focus: 0 } }));
  }
  const sheet = { ...mode.sheet, errors: {}, waiting: true };
  return step(withMode(state, { ...mode, sheet }), {
    kind: 'open-window',
    reason,
    minutes: Number(mode.sheet.typed['minutes'] ?? usual),
  });
};

/** Keys while reason and length are asked for. Esc leaves the session read-only, and the draft as it was. */
export const windowPressed = (state: State, mode: Of<'window'>, intent: Intent): Step => {
  const sheet = mode.sheet.waiting ? undefined : sheetPressed(mode.sheet, intent);
  if (sheet) return stay(withMode(state, { ...mode, sheet }));
  switch (intent.name) {
    case 'confirmed':
      return mode.sheet.waiting ? stay(state) : submit(state, mode);
    case 'escaped':
    case 'interrupted':
      return stay(withFlash(withMode(state, mode.under), 'info', 'still read-only: nothing can be changed', 'W opens a write window'));
    default:
      return stay(state);
  }
};

const choose = (state: State, mode: Of<'window-menu'>, choice: Choice): Step => {
  if (choice.disabled !== undefined) return stay(withFlash(state, 'warn', `${choice.label}: ${choice.disabled}`));
  const closed = withMode(state, mode.under);
  if (choice.key === 'c') return step(closed, { kind: 'close-window' });
  return choice.key === 'r' ? step(closed, { kind: 'renew-window', minutes: Number(usual) }) : stay(askWindow(closed, 'go-on'));
};

/** Keys while it is asked what to do with the window. */
export const windowMenuPressed = (state: State, mode: Of<'window-menu'>, intent: Intent): Step => {
  switch (intent.name) {
    case 'letter-typed': {
      const choice = mode.choices.find(({ key }) => key === intent.letter);
      return choice ? choose(state, mode, choice) : stay(state);
    }
    case 'moved': {
      const goal = mode.chosen + (Number(intent.by) || 0);
      return stay(withMode(state, { ...mode, chosen: Math.max(0, Math.min(mode.choices.length - 1, goal)) }));
    }
    case 'confirmed': {
      const choice = mode.choices[mode.chosen];
      return choice ? choose(state, mode, choice) : stay(state);
    }
    case 'escaped':
    case 'interrupted':
    case 'window-opened':
      return stay(withMode(state, mode.under));
    default:
      return stay(state);
  }
};
