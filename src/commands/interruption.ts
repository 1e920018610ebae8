/** Exit codes of a command that was ended from outside: 128 and the number of the signal. */
const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
/** A command that was asked to end has so long to put things in order, in milliseconds. */
const grace = 5_000;

/** Parts of a restore: half of one is worse than a wait, so that they end when they have undone or finished what they began. */
const patient = /^(?:restore-(?:prepare|fill|carry|switch|resume|abort|back|offline)|drill|drop-old-database)$/;

/** Whether a command ends by itself where it is asked to, however long that takes. */
export const endsInItsOwnTime = ([first, second = '']: readonly string[]): boolean => first === 'maintain' && patient.test(second);

export type Interruption = { readonly signal: AbortSignal; readonly code: () => number | undefined };

/** Turns the signals of a process into one wish to end; the second one, or five seconds, end it at once unless it ends in its own time. */
export const interruptionOf = (host: NodeJS.Process, inItsOwnTime: boolean): Interruption => {
  const wish = new AbortController();
  let code: number | undefined;
  const end = (name: NodeJS.Signals): void => {
    const named = codes[name as keyof typeof codes];
    if (code !== undefined && !inItsOwnTime) host.exit(named);
    code ??= named;
    if (!inItsOwnTime) setTimeout(() => host.exit(named), grace).unref();
    wish.abort();
  };
  for (const name of Object.keys(codes)) host.on(name, end);
  return { signal: wish.signal, code: () => code };
};
