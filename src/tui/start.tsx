import { randomUUID } from 'node:crypto';
import type { Gate } from '../kit/gate.ts';
import type { Registry, Session } from '../kit/session.ts';
import { App, type Stage } from './app.tsx';
import { readSaved } from './effects/files.ts';
import type { Ending } from './terminal/terminal.ts';

export type ConsoleOptions = {
  readonly registry: Registry;
  /** Opened meanwhile: the first frame does not wait for it. */
  readonly session: Promise<Session>;
  /** Where nobody is signed in yet, what lets somebody in; `session` then never comes. */
  readonly gate?: Promise<Gate | undefined>;
  /** Hears whose session it is from now on, once its first rows stand. */
  readonly onSession?: (session: Session) => void;
  /** Says what the start is busy with; the listener hears it until the session is there. */
  readonly onProgress?: (listener: (text: string) => void) => void;
  /** BURSAR_HOME: saved filters, exports and dumps are kept there. */
  readonly home: string;
  readonly log?: (event: string, more?: Readonly<Record<string, unknown>>) => void;
  readonly now?: () => number;
};

/** Runs the full screen on a stage that is open, until a person leaves; resolves with the exit code. */
export const runConsole = async (stage: Stage & { readonly ended: Promise<Ending> }, options: ConsoleOptions): Promise<number> => {
  const { registry, home, log = () => undefined, now = Date.now } = options;
  const { onSession } = options;
  const app = new App({ stage, registry, home, log, now, seed: randomUUID(), ...(onSession ? { onSession } : {}) });
  app.open();
  options.onProgress?.(text => app.dispatch({ kind: 'start-progressed', text }));
  options.session.then(
    session => app.dispatch({ kind: 'connected', session }),
    (error: unknown) => stage.end({ code: 1, error }),
  );
  // A start that fails is told by the session
  options.gate?.then(
    gate => gate && app.dispatch({ kind: 'gate-opened', gate }),
    () => undefined,
  );
  readSaved(home).then(
    saved => app.dispatch({ kind: 'saved-read', saved }),
    (error: unknown) => app.dispatch({ kind: 'failed', message: String(error) }),
  );
  const { code } = await stage.ended;
  app.close();
  return code;
};
