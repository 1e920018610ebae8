import type { Outcome, Refusal } from '../domain/outcome.ts';
import { toJson } from '../kit/export.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Streams } from './streams.ts';

/** A refusal as one line: what happened, then what to do. */
export const describeRefusal = ({ message, next }: Refusal): string => (next === undefined ? message : `${message}; ${next}`);

/** Tells a refusal: always to the person, and as a document where one was asked for. Returns the exit code. */
export const refuse = async (streams: Streams, json: boolean, outcome: Outcome<never>, more: object = {}): Promise<number> => {
  if (outcome.ok) return exitCodeOf(outcome);
  streams.say(`bursar: ${describeRefusal(outcome.refusal)}`);
  if (json) await streams.write(`${toJson({ ok: false, ...more, refusal: outcome.refusal }, 2)}\n`);
  return exitCodeOf(outcome);
};
