import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import { nearest } from './domain/nearest.ts';
import { NoticeSettings } from './domain/notice-settings.ts';
import { BackupSettings, PlatformProfile } from './domain/platform-profile.ts';
import { RemoteSettings } from './domain/remote-host.ts';
import { safe } from './domain/safe-text.ts';

/** What the environment and the file say (BURSAR_HOME/config.json, or BURSAR_CONFIG_FILE); the environment has the last word. */
export type Config = {
  /** Holds the embedded database, the configuration, the anchors of the audit chain and the logs. */
  readonly home: string;
  /** Undefined means the embedded database. */
  readonly databaseUrl: string | undefined;
  /** Another login to the same database for what only its owner does: migrate, demo, recovery. */
  readonly ownerUrl: string | undefined;
  /** The login of `--read-only`. */
  readonly readerUrl: string | undefined;
  /** The login that a demo's traffic posts with. */
  readonly platformUrl: string | undefined;
  /** Where the key lies that opens one-time codes and notices; undefined: in the home. */
  readonly secretKeyFile: string | undefined;
  /** Shown in the banner; undefined leaves it to what the database is. */
  readonly environment: string | undefined;
  /** Undefined: whatever is no demo counts as production. */
  readonly production: boolean | undefined;
  /** The currency that typed amounts are in, ISO 4217. */
  readonly currency: string;
  /** Postings a second that a console makes in a demo bank. */
  readonly traffic: number;
  /** Which suspicious cases that traffic plants: none, one every few minutes, or structuring at once and then the same. */
  readonly trafficCases: (typeof trafficCases)[number];
  /** Whether values may be copied to the clipboard of the person's own machine; undefined: everywhere but in production. */
  readonly clipboard: boolean | undefined;
  /** Where the person sits who came here by SSH, as sshd says it; for the audit log. */
  readonly clientAddress: string | undefined;
  /** Who is signed in to a demo bank. */
  readonly demoOperator: string;
  /** By which channels notices leave; without any they stay in the outbox. Only the file says it. */
  readonly notices: NoticeSettings;
  /** How hosts are signed in to. Only the file says it. */
  readonly remote: RemoteSettings;
  /** What runs beside the database. Only the file says it. */
  readonly platform: PlatformProfile;
  /** Where backups lie on this host. Only the file says it. */
  readonly backup: BackupSettings;
  /** Where the agent with the keys of whoever started the console listens. */
  readonly sshAgent: string | undefined;
};

const trafficCases = ['none', 'sometimes', 'structuring'] as const;

/** A setting that cannot be used. Its message is one line and says what to write instead. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** What a person may write as `demoOperator` and the like: see the database's own rule for names of operators. */
const operatorName = /^[a-z][a-z0-9._-]{0,62}$/;

type Setting<T> = { readonly variable: string; readonly schema: z.ZodType<T>; readonly write: string; readonly otherwise: T };

const setting = <T>(variable: string, schema: z.ZodType<T>, write: string, otherwise: T): Setting<T> => ({
  variable,
  schema,
  write,
  otherwise,
});

const yesOrNo = z.union([z.boolean(), z.enum(['yes', 'no', 'true', 'false']).transform(word => word === 'yes' || word === 'true')]);

/** Every setting that the file may hold; each has a variable too. */
const settings = {
  environment: setting<string | undefined>(
    'BURSAR_ENVIRONMENT',
    z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,23}$/),
    'a name of up to 24 letters, digits, blanks, dots and dashes, such as eu-1',
    undefined,
  ),
  production: setting<boolean | undefined>('BURSAR_PRODUCTION', yesOrNo, 'yes or no', undefined),
  currency: setting('BURSAR_CURRENCY', z.string().regex(/^[A-Z]{3}$/), 'three capital letters, such as EUR', 'EUR'),
  traffic: setting('BURSAR_TRAFFIC', z.coerce.number().min(0).max(1_000), 'postings a second from 0 to 1000, such as 5', 5),
  trafficCases: setting('BURSAR_TRAFFIC_CASES', z.enum(trafficCases), 'none, sometimes or structuring', 'sometimes'),
  clipboard: setting<boolean | undefined>('BURSAR_CLIPBOARD', yesOrNo, 'yes or no', undefined),
  demoOperator: setting('BURSAR_DEMO_OPERATOR', z.string().regex(operatorName), 'the name of an operator, such as demo', 'demo'),
};
type Settings = typeof settings;
type Name = keyof Settings;

const shown = (value: unknown): string =>
  safe(typeof value === 'string' ? `"${value}"` : (JSON.stringify(value) ?? typeof value), { max: 60 });

const check = <T>(where: string, value: unknown, { schema, write }: Setting<T>): T => {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new ConfigError(`${where} is ${shown(value)}: write ${write}`);
  return parsed.data;
};

const readText = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}): let its owner be whoever starts Bursar`);
  }
};

const readConfigFile = (file: string): Readonly<Record<string, unknown>> => {
  const text = readText(file);
  if (text === undefined) return {};
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} is no JSON: ${safe((error as Error).message, { max: 120 })}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ConfigError(`${file} is no JSON object: write {"environment": "eu-1"}, for instance`);
  }
  const names = [...Object.keys(settings), 'notices', 'remote', 'platform', 'backup'];
  const strange = Object.keys(content).find(name => !names.includes(name));
  if (strange === undefined) return content as Readonly<Record<string, unknown>>;
  const meant = nearest(strange, names);
  throw new ConfigError(`${file} has the unknown key ${shown(strange)}: ${meant ? `write ${meant}` : `it knows ${names.join(', ')}`}`);
};

/** A part of the file with a shape of its own. The value is not repeated: it may hold a password. */
const checkPart = <T>(file: string, name: string, schema: z.ZodType<T>, value: unknown): T => {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConfigError(
    `${[name, ...(issue?.path ?? [])].join('.')} in ${file} cannot be used: ${safe(issue?.message ?? '', { max: 160 })}`,
  );
};

const homeOf = (environment: NodeJS.ProcessEnv, otherwise: string): string => {
  const home = environment['BURSAR_HOME'];
  if (home === undefined || home === '') return otherwise;
  if (path.isAbsolute(home) && !home.includes('\0')) return path.normalize(home);
  throw new ConfigError(`BURSAR_HOME is ${shown(home)}: write the whole path of a folder, such as /srv/bursar`);
};

/** The first word of SSH_CONNECTION (sshd(8)); anything else than an address is not believed. */
const sshClient = (environment: NodeJS.ProcessEnv): string | undefined => {
  const [address = ''] = (environment['SSH_CONNECTION'] ?? '').split(' ');
  return isIP(address) === 0 ? undefined : address;
};

/** A second login beside no first one would be to another database than the consoles'. */
const loginsOf = (environment: NodeJS.ProcessEnv): Pick<Config, 'databaseUrl' | 'ownerUrl' | 'readerUrl' | 'platformUrl'> => {
  const read = (variable: string): string | undefined => environment[variable] || undefined;
  const databaseUrl = read('DATABASE_URL');
  const alone = ['BURSAR_OWNER_URL', 'BURSAR_READER_URL', 'BURSAR_PLATFORM_URL'].find(variable => read(variable) !== undefined);
  if (databaseUrl === undefined && alone !== undefined) {
    throw new ConfigError(`${alone} is another login to the database of DATABASE_URL: write that too, or neither for the embedded one`);
  }
  return {
    databaseUrl,
    ownerUrl: read('BURSAR_OWNER_URL'),
    readerUrl: read('BURSAR_READER_URL'),
    platformUrl: read('BURSAR_PLATFORM_URL'),
  };
};

/** The file is `config.json` in the home, unless another one is named: several programs may share a home and its database. */
const configFileOf = (environment: NodeJS.ProcessEnv, home: string): string => {
  const file = environment['BURSAR_CONFIG_FILE'];
  if (file === undefined || file === '') return path.join(home, 'config.json');
  if (path.isAbsolute(file) && !file.includes('\0')) return path.normalize(file);
  throw new ConfigError(`BURSAR_CONFIG_FILE is ${shown(file)}: write the whole path of a file, such as /etc/bursar/config.json`);
};

/** Reads and checks every setting. Throws ConfigError, naming the variable or the key, at the first that cannot be used. */
export const readConfig = (environment: NodeJS.ProcessEnv, defaultHome: string): Config => {
  const home = homeOf(environment, defaultHome);
  const file = configFileOf(environment, home);
  const content = readConfigFile(file);
  const logins = loginsOf(environment);
  const read = <N extends Name>(name: N): Settings[N]['otherwise'] => {
    const chosen: Setting<Settings[N]['otherwise']> = settings[name];
    const variable = environment[chosen.variable];
    if (variable !== undefined && variable !== '') return check(chosen.variable, variable, chosen);
    return content[name] === undefined ? chosen.otherwise : check(`${name} in ${file}`, content[name], chosen);
  };
  return {
    home,
    ...logins,
    secretKeyFile: environment['BURSAR_SECRET_KEY_FILE'] || undefined,
    environment: read('environment'),
    production: read('production'),
    currency: read('currency'),
    traffic: read('traffic'),
    trafficCases: read('trafficCases'),
    clipboard: read('clipboard'),
    clientAddress: sshClient(environment),
    demoOperator: read('demoOperator'),
    notices: checkPart(file, 'notices', NoticeSettings, content['notices']),
    remote: checkPart(file, 'remote', RemoteSettings, content['remote']),
    platform: checkPart(file, 'platform', PlatformProfile, content['platform']),
    backup: checkPart(file, 'backup', BackupSettings, content['backup']),
    sshAgent: environment['SSH_AUTH_SOCK'] || undefined,
  };
};
