import { missingHeads, readHead, type Head } from '../database/audit-chain.ts';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import type { Config } from '../config.ts';
import { conflict, done, invalid, type Outcome } from '../domain/outcome.ts';
import { toJson } from '../kit/export.ts';
import { keepLooking } from '../kit/keep-looking.ts';
import { addressOf, lastAnchor, writeAnchor } from './anchors.ts';
import type { Command } from './command.ts';
import { findDatabase, withConnection } from './with-database.ts';

/** Consoles on one home share the work: whoever finds the last anchor older than this writes the next, in milliseconds. */
const anchorEvery = 60_000;

/** Notes the head of the log, unless it is the one noted last; refuses to note a history that contradicts the last anchor. */
const anchorHead = async (url: string, config: Config): Promise<Outcome<Head>> => {
  const address = addressOf(config);
  const last = await lastAnchor(config.home, address);
  return withConnection(url, { name: 'anchor', readOnly: true }, async connection => {
    const head = await readHead(connection);
    if (last && (await missingHeads(connection, [last])).length > 0) {
      return conflict(`row ${last.seq} of the audit log is not what was noted at ${last.at}`, 'run "bursar audit verify"');
    }
    if (head.seq > 0n && head.hash !== last?.hash) await writeAnchor(config.home, address, head);
    return done(head);
  });
};

/** Anchors once a minute until the signal. Never throws: `onTrouble` hears what went wrong, and it is tried again a minute later. */
export const keepAnchoring = (url: string, config: Config, signal: AbortSignal, onTrouble: (trouble: unknown) => void): Promise<void> =>
  keepLooking(
    async () => {
      const last = await lastAnchor(config.home, addressOf(config));
      if (last && Date.now() - Date.parse(last.at) < anchorEvery / 2) return;
      const anchored = await anchorHead(url, config);
      if (!anchored.ok) onTrouble(anchored.refusal);
    },
    { signal, everyMs: anchorEvery, onError: onTrouble },
  );

/** `bursar audit anchor`. */
export const auditAnchorCommand: Command = {
  name: 'audit anchor',
  summary: 'note the head of the audit log outside the database, signed; print it, to be kept elsewhere too',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words, flags }, { config, streams }) => {
    const json = flags['json'] === 'yes';
    if (words.length > 0) return refuse(streams, json, invalid('audit anchor takes no words'));
    const { url, release } = await findDatabase(config, streams.say);
    try {
      const anchored = await anchorHead(url, config);
      if (!anchored.ok) return await refuse(streams, json, anchored);
      const { seq, hash } = anchored.value;
      await streams.write(json ? `${toJson({ ok: true, database: addressOf(config), seq, hash }, 2)}\n` : `${seq} ${hash}\n`);
      return exitCode.done;
    } finally {
      await release();
    }
  },
};
