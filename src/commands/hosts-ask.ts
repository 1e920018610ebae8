import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { done, forbidden, notFound } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { toJson } from '../kit/export.ts';
import type { HostReport, Hosts, ListedHost } from '../kit/hosts.ts';
import { connect, RemoteError, type CredentialsFor } from '../remote/connection.ts';
import type { Command, CommandContext } from './command.ts';
import { withDemoHost } from './demo-host.ts';
import { credentialsOf } from './remote-credentials.ts';

/** Connects once and runs nothing but `true`. */
const ask = async ({ at, pinned }: ListedHost, credentialsFor: CredentialsFor): Promise<HostReport> => {
  try {
    const connection = await connect({ at, pinned, credentials: credentialsFor({ pinned }) });
    try {
      const { code } = await connection.run(['true'], { timeoutMs: 10_000 });
      const latencyMs = connection.handshakeMs;
      return code === 0
        ? { state: 'up', detail: null, latencyMs }
        : { state: 'refused', detail: `its shell ended with ${code}`, latencyMs: null };
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return { state: error.fault.kind, detail: error.message, latencyMs: null };
  }
};

const asked = async (inventory: Hosts, names: readonly string[], credentials: CredentialsFor) => {
  const listed = await inventory.list(names.length === 0 ? undefined : names);
  const missing = names.find(name => !listed.some(host => host.name === name));
  if (missing !== undefined)
    return notFound(`there is no host ${safe(missing, { max: 60 })} in use`, 'look them up with: bursar hosts list');
  // All at once: a host that does not answer takes its ten seconds for itself
  const answers = await Promise.all(listed.map(async host => ({ host, report: await ask(host, credentials) })));
  for (const { host, report } of answers) await inventory.report(host, report);
  return done(answers.map(({ host, report }) => ({ host: host.name, ...report })));
};

const run = async (words: readonly string[], json: boolean, context: CommandContext): Promise<number> => {
  const { streams, config, withSession } = context;
  return withSession(async session => {
    const credentials = credentialsOf(config);
    if (!credentials.ok) return refuse(streams, json, credentials);
    const { hosts } = session;
    if (!hosts)
      return refuse(streams, json, forbidden('asking hosts needs the permission host.use', 'ask an administrator for a role that has it'));
    const answers = await withDemoHost(context, session.environment.demo, () => asked(hosts, words, credentials.value));
    if (!answers.ok) return refuse(streams, json, answers);
    const isGood = answers.value.every(({ state }) => state === 'up');
    const lines = answers.value.map(({ host, state, detail, latencyMs }) =>
      state === 'up' ? `${host}: up, answered in ${latencyMs} ms` : `${host}: ${state}: ${safe(detail ?? '', { max: 300 })}`,
    );
    await streams.write(
      json ? `${toJson({ ok: isGood, hosts: answers.value }, 2)}\n` : `${lines.join('\n') || 'there are no hosts in use'}\n`,
    );
    return isGood ? exitCode.done : exitCode.failed;
  });
};

/** `bursar hosts ask [NAME …]`. */
export const hostsAskCommand: Command = {
  name: 'hosts ask',
  summary: '[NAME …]: connect to hosts, verify their keys and store how they answered; fails where one is not up',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: ({ words, flags }, context) => run(words, flags['json'] === 'yes', context),
};
