import { firstFrame } from './first-frame.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './terminal/terminal.ts';

/**
 * Takes this process's terminal and draws the first frame, before anything else is loaded; keys wait until somebody listens. Ask
 * `whyNoScreen` first.
 */
export const openStage = async (host: NodeJS.Process, options: TerminalOptions): Promise<Terminal> => {
  const terminal = await openTerminal(host, options);
  const { columns, rows } = terminal.forInk.stdout;
  terminal.output.show(firstFrame({ columns, rows }, Date.now()));
  return terminal;
};
