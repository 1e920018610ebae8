import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { conflict, forbidden, invalid, type Outcome } from '../domain/outcome.ts';
import { toJson } from '../kit/export.ts';
import type { Session } from '../kit/session.ts';
import { deliverDue } from '../notices/deliver.ts';
import type { Command } from './command.ts';

const whyNot = ({ environment, readOnly }: Session): Outcome<never> => {
  if (readOnly) return { ok: false, refusal: readOnly };
  if (environment.demo) return conflict('a demo sends nothing: its notices are kept', 'look at them with "bursar notices list"');
  return forbidden('this login sends no notices', 'sign in with "bursar login NAME"');
};

/** `bursar notices send`. */
export const noticesSendCommand: Command = {
  name: 'notices send',
  summary: 'deliver the notices that are due, once; consoles do the same while they are open',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, { streams, signal, channels, withSession }) => {
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('notices send takes no words'));
    const ways = await channels();
    return withSession(async session => {
      if (!session.outbox) return refuse(streams, json, whyNot(session));
      if (ways.size === 0) {
        return refuse(
          streams,
          json,
          conflict('no channel is set up here', 'add the section notices to config.json, as docs/notices.md says'),
        );
      }
      const count = await deliverDue(session.outbox, ways, { signal });
      const told = `sent ${count.sent}, failed and to be tried again ${count.failed}, given up ${count.dead}`;
      await streams.write(`${json ? toJson({ ok: count.failed + count.dead === 0, ...count }, 2) : told}\n`);
      return count.failed + count.dead === 0 ? exitCode.done : exitCode.failed;
    });
  },
};
