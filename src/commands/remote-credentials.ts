import type { Config } from '../config.ts';
import { conflict, done, type Outcome } from '../domain/outcome.ts';
import type { CredentialsFor, RemoteCredentials } from '../remote/connection.ts';
import { demoHostKey } from './demo-host.ts';

const named = ({ remote, sshAgent }: Pick<Config, 'remote' | 'sshAgent'>): RemoteCredentials | undefined => {
  if (remote.keyFile !== undefined) return { keyFile: remote.keyFile };
  return sshAgent === undefined ? undefined : { agent: sshAgent };
};

/**
 * The way into hosts: the key file of the configuration, else the agent of whoever started the console. The host that a demo brings has a key of its own, which is shown
 * to no other host while there is another way in.
 */
export const credentialsOf = (config: Pick<Config, 'remote' | 'sshAgent' | 'home' | 'databaseUrl'>): Outcome<CredentialsFor> => {
  const [usual, demo] = [named(config), demoHostKey(config)];
  const otherwise = usual ?? (demo && { keyFile: demo.keyFile });
  if (otherwise !== undefined) return done(({ pinned }) => (demo && demo.fingerprint === pinned ? { keyFile: demo.keyFile } : otherwise));
  return conflict(
    'there is no key to sign in to hosts with',
    'start an ssh-agent, or name a key file in config.json: {"remote": {"keyFile": "..."}}',
  );
};
