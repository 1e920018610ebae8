/** Exit codes of a command that was ended from outside: 128 and the number of the signal. */
const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
/** A command that was asked to end has so long to put things in order, in milliseconds. */
const grace = 5_000;

export type Interruption = {
  readonly signal: AbortSignal;
  readonly code: () => number | undefined;
  /** From now on nothing ends it but itself, however long that takes. */
  readonly endsItself: () => void;
};

/** Turns the signals of a process into one wish to end; the second one, or five seconds, end it at once unless it ends itself. */
export const interruptionOf = (host: NodeJS.Process): Interruption => {
  const wish = new AbortController();
  let code: number | undefined;
  let isOwn = false;
  const end = (name: NodeJS.Signals): void => {
    const named = codes[name as keyof typeof codes];
    if (code !== undefined && !isOwn) host.exit(named);
    code ??= named;
    setTimeout(() => void (isOwn || host.exit(named)), grace).unref();
    wish.abort();
  };
  for (const name of Object.keys(codes)) host.on(name, end);
  return { signal: wish.signal, code: () => code, endsItself: () => void (isOwn = true) };
};
