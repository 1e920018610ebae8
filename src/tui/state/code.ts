import type { Step } from './effects.ts';
import type { Event, Happening, Intent } from './events.ts';
import { changeMode } from './mode.ts';
import { emptied, missingFrom, newSheet, sheetPressed } from './sheet.ts';
import { stay, step, withFlash, withMode } from './step.ts';
import type { After } from './session-types.ts';
import type { Mode, State } from './types.ts';

type CodeMode = Extract<Mode, { kind: 'code' }>;
type Of<Kind extends Happening['kind']> = Extract<Event, { kind: Kind }>;

/** Asks for a one-time code, over whatever needs it. In a demo the code is shown, to be typed. */
export const askCode = (state: State, after: After): Step => {
  const isDemo = state.session?.environment.demo ?? false;
  const sheet = newSheet({
    title: 'One-time code',
    says: [
      isDemo ? 'This takes a fresh code; the demo shows its own.' : 'This takes the 6 digits that your app shows now, or a recovery code.',
    ],
    words: { button: 'Go on', calm: 'it holds for five minutes', busy: 'checking the code ...' },
    fields: [{ key: 'code', title: 'Code' }],
  });
  const asking = withMode(state, { kind: 'code', sheet, after, under: state.mode });
  return isDemo ? step(asking, { kind: 'show-demo-code' }) : stay(asking);
};

export const demoCodeShown = (state: State, { code }: Of<'demo-code-shown'>): Step =>
  stay({
    ...state,
    mode: changeMode(state.mode, 'code', mode => ({ ...mode, sheet: { ...mode.sheet, says: [`demo code ${code}`] } })),
  });

const submit = (state: State, mode: CodeMode): Step => {
  const missing = missingFrom(mode.sheet);
  if (missing) return stay(withMode(state, { ...mode, sheet: missing }));
  const code = (mode.sheet.typed['code'] ?? '').trim();
  return step(withMode(state, { ...mode, sheet: { ...emptied(mode.sheet, 'code'), errors: {}, waiting: true } }), {
    kind: 'confirm-code',
    code,
  });
};

/** Keys while a code is asked for. Esc leads back to what needed it. */
export const codePressed = (state: State, mode: CodeMode, intent: Intent): Step => {
  const sheet = mode.sheet.waiting ? undefined : sheetPressed(mode.sheet, intent);
  if (sheet) return stay(withMode(state, { ...mode, sheet }));
  switch (intent.name) {
    case 'confirmed':
      return mode.sheet.waiting ? stay(state) : submit(state, mode);
    case 'escaped':
    case 'interrupted':
      return stay(withFlash(withMode(state, mode.under), 'info', 'no code was given, nothing was changed'));
    default:
      return stay(state);
  }
};
