import { act } from '../cli/act.ts';
import { actionFlags, inputFlags } from '../cli/action-flags.ts';
import { refuse } from '../cli/answer.ts';
import type { Arguments } from '../cli/arguments.ts';
import { done, failed, invalid, type Outcome } from '../domain/outcome.ts';
import { HostAddress, HostPort } from '../domain/remote-host.ts';
import { safe } from '../domain/safe-text.ts';
import { lookAtKey, RemoteError } from '../remote/connection.ts';
import { addHostAction } from '../resources/hosts/add.ts';
import { hosts } from '../resources/hosts/index.ts';
import { askYes } from './ask.ts';
import type { Command, CommandContext } from './command.ts';

/** The key that a host shows, without signing in; the account plays no part in it. */
const keyOf = async (flags: Arguments['flags']): Promise<Outcome<{ readonly fingerprint: string; readonly type: string }>> => {
  const address = HostAddress.safeParse(flags['address'] ?? '');
  const port = HostPort.safeParse(flags['port'] || undefined);
  if (!address.success) return invalid(`the address ${address.error.issues[0]?.message ?? 'is missing'}`, 'write --address db1.example');
  if (!port.success) return invalid('a port is a number from 1 to 65535');
  try {
    return done(await lookAtKey({ address: address.data, port: port.data, user: 'nobody' }));
  } catch (error) {
    if (error instanceof RemoteError) return failed(safe(error.message, { max: 300 }));
    throw error;
  }
};

/** Shows the key and asks whether it is the right one: only a person who compared it knows. */
const comparedKey = async (flags: Arguments['flags'], { streams }: CommandContext): Promise<Outcome<string>> => {
  if (!streams.ask) {
    return invalid(
      'without a terminal nobody can compare the key',
      'give --fingerprint as the host itself says it: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
    );
  }
  const key = await keyOf(flags);
  if (!key.ok) return key;
  streams.say(`${safe(flags['address'] ?? '')} shows the key ${key.value.type} ${key.value.fingerprint}`);
  streams.say('compare it with what the host itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  const isRight = await askYes(streams, 'Is it the same? From then on no other is let through.', false);
  return isRight ? done(key.value.fingerprint) : invalid('nothing was added: the key was not confirmed');
};

const flags = [...inputFlags(addHostAction), ...actionFlags(addHostAction)];

/** `bursar hosts add NAME --address …`: as the action of the pane, but it looks the key up where none is given. */
export const hostsAddCommand: Command = {
  name: 'hosts add',
  summary: 'NAME: add a host to the inventory; shows the fingerprint of its key and pins it after a yes',
  flags,
  run: async ({ words, flags: given }, context) => {
    const { streams, signal } = context;
    const compared = given['fingerprint'] === undefined ? await comparedKey(given, context) : done(given['fingerprint']);
    if (!compared.ok) return refuse(streams, given['json'] === 'yes', compared);
    const typed = { words, flags: { ...given, fingerprint: compared.value } };
    return context.withSession(session => act({ resource: hosts, action: addHostAction, typed }, session, streams, signal));
  },
};
