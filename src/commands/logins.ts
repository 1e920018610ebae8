import type { Config } from '../config.ts';
import { loginRoles } from '../database/grants.ts';
import { asRole, canConnect, readStanding, type Standing } from '../database/role-url.ts';
import { NotReady } from './not-ready.ts';
import { withConnection, type Address } from './with-database.ts';

/** With which addresses a console goes to its database. */
export type Logins = {
  readonly console: string;
  /** What a demo's traffic posts with; undefined where nobody said and nobody can say. */
  readonly platform: string | undefined;
  /** The console has its owner's rights: the database cannot keep it to what its operator may. */
  readonly asOwner: boolean;
};

const roleOf = (readOnly: boolean) => (readOnly ? 'bursar_reader' : 'bursar_operator');

/** Whoever may look on only must not fall back to a login that may do more. */
const reader = async (url: string, config: Config, { hasRoles, owns }: Standing): Promise<string> => {
  const address = config.readerUrl ?? asRole(url, 'bursar_reader');
  if (config.readerUrl !== undefined || (await canConnect(address))) return address;
  if (hasRoles || !owns) throw new NotReady('--read-only connects as bursar_reader, which cannot: name its address in BURSAR_READER_URL');
  return url;
};

const isOurs = (url: string): boolean => URL.canParse(url) && loginRoles.some(role => role === new URL(url).username);

/** Whoever named the owner's login gets the operator's all the same, where that can connect. */
const named = async (url: string, config: Config, readOnly: boolean): Promise<Logins> => {
  const platform = config.platformUrl;
  if (isOurs(url) && !readOnly) return { console: url, platform, asOwner: false };
  const standing = await withConnection(url, { name: 'login', readOnly: true }, readStanding);
  const others = standing.owns && standing.hasRoles ? (platform ?? asRole(url, 'bursar_platform')) : platform;
  if (readOnly) {
    const console = await reader(url, config, standing);
    return { console, platform: others, asOwner: standing.owns && console === url };
  }
  if (!standing.owns) return { console: url, platform: others, asOwner: false };
  const operator = asRole(url, 'bursar_operator');
  if (standing.hasRoles && (await canConnect(operator))) return { console: operator, platform: others, asOwner: false };
  return { console: url, platform: others ?? url, asOwner: true };
};

/** Finds out who a console connects as: the operator, or the reader where nothing shall be changed; never the owner where it can be helped. */
export const loginsOf = async ({ url, embedded }: Address, config: Config, readOnly: boolean): Promise<Logins> =>
  embedded
    ? { console: asRole(url, roleOf(readOnly)), platform: asRole(url, 'bursar_platform'), asOwner: false }
    : named(url, config, readOnly);
