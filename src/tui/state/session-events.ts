import { demoCodeShown } from './code.ts';
import { codeAnswered, windowAnswered, windowClosed } from './dialogs.ts';
import type { Step } from './effects.ts';
import type { Event } from './events.ts';
import { lockKept, unlockAnswered } from './lock.ts';
import { became } from './operator.ts';
import { pulseFailed, pulseFelt } from './pulse.ts';
import { connect, gateOpened, signInAnswered } from './sign-in.ts';
import type { State } from './types.ts';

/** What comes of the session itself: it begins, lives, is locked, ends. */
export const ofSession = (state: State, event: Event): Step | undefined => {
  switch (event.kind) {
    case 'connected':
      return connect(state, event.session, event.at);
    case 'gate-opened':
      return gateOpened(state, event);
    case 'sign-in-answered':
      return signInAnswered(state, event);
    case 'became':
      return became(state, event);
    case 'pulse-felt':
      return pulseFelt(state, event);
    case 'pulse-failed':
      return pulseFailed(state, event);
    case 'window-answered':
      return windowAnswered(state, event);
    case 'window-closed':
      return windowClosed(state);
    case 'code-answered':
      return codeAnswered(state, event);
    case 'demo-code-shown':
      return demoCodeShown(state, event);
    case 'session-locked':
      return lockKept(state);
    case 'unlock-answered':
      return unlockAnswered(state, event);
    default:
      return undefined;
  }
};
