import { lineFilter, whyNotRead } from '../domain/log-lines.ts';
import type { LogRequest } from '../domain/log-request.ts';
import { done, forbidden, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { CredentialsFor } from '../remote/connection.ts';
import { followHosts, type LogWatch } from './follow-hosts.ts';
import type { Hosts } from './hosts.ts';

/** Logs that may be read: it is on record that somebody does. */
export type LogReading = {
  /** Reads them until there is nothing new, or follows them until the signal says so. False where a host could not be read. */
  readonly read: (watch: LogWatch) => Promise<boolean>;
};

/** Logs of the hosts of the inventory, for screen and command. */
export type HostLogs = {
  /** Names of the hosts in use. */
  readonly hosts: () => Promise<readonly string[]>;
  /** Checks what somebody wants to read, and records it before a line is read. */
  readonly open: (request: LogRequest) => Promise<Outcome<LogReading>>;
};

export const logsNeed = forbidden('reading logs of hosts needs the permission host.use', 'ask an administrator for a role that has it');

export type HostLogsParts = {
  readonly hosts: Hosts;
  /** Whether the operator may ask hosts now. */
  readonly may: () => boolean;
  /** The logs that the profile of the platform names. */
  readonly named: readonly string[];
  readonly wayIn: () => Outcome<CredentialsFor>;
  readonly record: (what: string) => Promise<void>;
};

export const hostLogsOf = ({ hosts, may, named, wayIn, record }: HostLogsParts): HostLogs => ({
  hosts: async () => (await hosts.list()).map(({ name }) => name),
  open: async ({ hosts: names, file: files, level, words, last }) => {
    const objection = whyNotRead(files, named);
    if (objection !== undefined) return forbidden(objection, 'an administrator names it in config.json: platform.logs');
    if (!may()) return logsNeed;
    const credentials = wayIn();
    if (!credentials.ok) return credentials;
    const found = await hosts.list(names);
    const missing = names.find(name => !found.some(host => host.name === name));
    if (missing !== undefined)
      return notFound(`there is no host ${safe(missing, { max: 60 })} in use`, 'look them up with: bursar hosts list');
    await record(`logs ${files.join(' ')} of ${names.join(' ')}${level === undefined ? '' : ` level ${level}`}`);
    return done({
      read: watch => followHosts(found, { ...watch, credentialsFor: credentials.value, files, last, fits: lineFilter({ level, words }) }),
    });
  },
});
