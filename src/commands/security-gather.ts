import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { forbidden } from '../domain/outcome.ts';
import { toJson } from '../kit/export.ts';
import type { Command } from './command.ts';

/** `bursar security gather`. */
export const securityGatherCommand: Command = {
  name: 'security gather',
  summary: 'count security events now; a console that runs does so every minute',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ flags }, { streams, withSession }) => {
    const json = flags['json'] === 'yes';
    const gathered = await withSession(async session => session.securityWatch?.gather());
    if (!gathered)
      return refuse(streams, json, forbidden('security events are counted by a session that may write', 'leave out --read-only'));
    const { raised, grown } = gathered;
    await streams.write(
      json ? `${toJson({ ok: true, raised, grown }, 2)}\n` : `${raised} new ${raised === 1 ? 'event' : 'events'}, ${grown} went on\n`,
    );
    return exitCode.done;
  },
};
