import type { Config } from '../config.ts';
import { conflict, done, type Outcome } from '../domain/outcome.ts';
import type { RemoteCredentials } from '../remote/connection.ts';

/** The way into hosts: the key file of the configuration, else the agent of whoever started the console. */
export const credentialsOf = ({ remote, sshAgent }: Pick<Config, 'remote' | 'sshAgent'>): Outcome<RemoteCredentials> => {
  if (remote.keyFile !== undefined) return done({ keyFile: remote.keyFile });
  if (sshAgent !== undefined) return done({ agent: sshAgent });
  return conflict(
    'there is no key to sign in to hosts with',
    'start an ssh-agent, or name a key file in config.json: {"remote": {"keyFile": "..."}}',
  );
};
