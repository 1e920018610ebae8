import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { Config } from '../config.ts';
import type { Database } from '../database/client.ts';
import { openNotice, readSecretKey, sealNotice, seedKeyOf } from '../database/secret-key.ts';
import {
  derivationFor,
  holderOf,
  loadOperator,
  openDemoSession,
  operatorWithRole,
  readBankFacts,
  signInWith,
  type BankFacts,
} from '../database/sign-in.ts';
import { done, notFound, type Outcome, type Refusal } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import type { Gate } from '../kit/gate.ts';
import { openSession, type Registry, type Session, type SessionParts } from '../kit/session.ts';
import { addressOf } from './anchors.ts';
import { platformOf } from './demo-host.ts';
import { readLogin } from './login-file.ts';
import { credentialsOf } from './remote-credentials.ts';

/** What every way in needs: the database, what is known of the bank, and how this console is called. */
export type Entrance = {
  readonly database: Database;
  readonly config: Config;
  readonly registry: Registry;
  readonly readOnly: boolean;
  /** The login is the owner's, for want of a better one. */
  readonly asOwner?: boolean;
  readonly facts: BankFacts;
  /** Every session that was opened here: whoever leaves the bank leaves them all. */
  readonly opened: Session[];
};

const asked: Refusal = { kind: 'forbidden', message: 'this console is read-only', next: 'start it without --read-only' };

const environmentOf = ({ config, facts, asOwner = false }: Entrance): Session['environment'] => {
  const { environment, production, currency } = config;
  return {
    name: environment ?? facts.environment ?? 'unnamed',
    production: production ?? !facts.demo,
    demo: facts.demo,
    ...(asOwner ? { asOwner } : {}),
    timeZone: facts.timeZone,
    currency,
    platform: platformOf(config, facts.demo),
  };
};

/** Which client it is, for the audit log and the pane of sessions. */
export const clientOf = ({ clientAddress }: Config): { readonly name: string; readonly address: string | undefined } => ({
  name: `bursar ${process.pid} of ${userInfo().username} on ${hostname()}`.slice(0, 120),
  address: clientAddress,
});

export const newToken = (): string => randomBytes(32).toString('hex');

/** What a session is made of, whoever signed in and however. */
export const partsOf = (entrance: Entrance) => ({
  database: entrance.database,
  environment: environmentOf(entrance),
  registry: entrance.registry,
  wayIn: () => credentialsOf(entrance.config),
  ...(entrance.readOnly ? { readOnly: asked } : {}),
});

/** Signs a demo operator in by name; nobody's money is in a demo. `:as` leaves the session it is called in for the next. */
const demoSession = async (entrance: Entrance, name: string): Promise<Session> => {
  const { database, config } = entrance;
  const token = newToken();
  const [operator] = await Promise.all([
    loadOperator(database.reads, name),
    openDemoSession(database.writes, name, token, clientOf(config)),
  ]);
  const session: Session = openSession({
    ...partsOf(entrance),
    operator,
    token,
    become: async role => {
      const next = await enterDemo(entrance, role);
      if (next.ok) await session.leave();
      return next;
    },
  });
  entrance.opened.push(session);
  return session;
};

const rolesOfDemo = 'viewer, auditor, support, analyst, operations, manager, sysop or admin';

/** Signs in to a demo as whom the configuration names, or as the operator who has a role and little else. */
export const enterDemo = async (entrance: Entrance, role: string | undefined): Promise<Outcome<Session>> => {
  if (role === undefined) return done(await demoSession(entrance, entrance.config.demoOperator));
  const name = await operatorWithRole(entrance.database.reads, role);
  return name === undefined
    ? notFound(`no demo operator is ${safe(role, { max: 30 })}`, `take ${rolesOfDemo}`)
    : done(await demoSession(entrance, name));
};

/** The session of an operator who has proved who they are. */
export const provenSession = async (
  entrance: Entrance,
  name: string,
  token: string,
  more: Pick<SessionParts, 'stays' | 'asksNothing'> = {},
): Promise<Session> => {
  const { database, config } = entrance;
  const session = openSession({
    ...partsOf(entrance),
    operator: await loadOperator(database.reads, name),
    token,
    ...more,
    credentials: {
      seedKey: async () => seedKeyOf(await readSecretKey(config.home, config.secretKeyFile)),
      derive: derivationFor(database.writes, name),
      sealSecret: async text => sealNotice(await readSecretKey(config.home, config.secretKeyFile), text),
      openSecret: async sealed => openNotice(await readSecretKey(config.home, config.secretKeyFile), sealed),
    },
  });
  entrance.opened.push(session);
  return session;
};

/** Signs in by the login that `bursar login` left, if it still lives. */
export const enterByLogin = async (entrance: Entrance): Promise<Session | undefined> => {
  const login = await readLogin(entrance.config.home, addressOf(entrance.config));
  const name = login && (await holderOf(entrance.database.writes, login.token));
  return login && name !== undefined ? provenSession(entrance, name, login.token, { stays: true }) : undefined;
};

/** The door of a screen on a bank where nobody has signed in yet. */
export const gateOf = (entrance: Entrance): Gate => ({
  environment: environmentOf(entrance),
  signIn: async (name, password, code) => {
    const { database, config } = entrance;
    const token = newToken();
    const seedKey = seedKeyOf(await readSecretKey(config.home, config.secretKeyFile));
    const signedIn = await signInWith(database.writes, { name, password, code, seedKey, token, kind: 'screen', client: clientOf(config) });
    return signedIn.ok ? done(await provenSession(entrance, name, token)) : signedIn;
  },
});

export const entranceOf = async (wishes: Omit<Entrance, 'facts' | 'opened'>): Promise<Entrance> => ({
  ...wishes,
  opened: [],
  facts: await readBankFacts(wishes.database.reads),
});
