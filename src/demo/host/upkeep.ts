import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeOnce } from './keys.ts';
import { demoService, type Places } from './places.ts';

const filesOf = ({ folder, settings }: Places) =>
  ({
    variables: path.join(settings, 'bank.env'),
    accepted: path.join(folder, 'service-tokens'),
    shown: path.join(folder, 'service-token'),
    origin: path.join(folder, 'bank', 'origin'),
    checkout: path.join(folder, 'bank', 'app'),
  }) as const;

/** What a release of the demo's platform consists of: little, but each step of an update finds its program. */
const release = (version: string): Readonly<Record<string, string>> => ({
  version: `${version}\n`,
  dependencies: 'echo "nothing to install for $(cat version)"\n',
  static: 'mkdir -p ../served && cp version ../served/version && echo "$(cat version) is served"\n',
  check: 'grep -q "^1\\." version && echo "no issues"\n',
});

const git = (folder: string, ...words: string[]): void => {
  const who = ['-c', 'user.name=demo', '-c', 'user.email=demo@bank.example'];
  execFileSync('git', ['-C', folder, ...who, ...words], { stdio: 'ignore' });
};

const commit = (folder: string, version: string): void => {
  for (const [name, text] of Object.entries(release(version))) writeFileSync(path.join(folder, name), text);
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', `Release ${version}`);
};

/** A checkout that is one release behind, so that there is something to update to; none where this machine has no git. */
const makeCheckout = ({ folder }: Places, origin: string, checkout: string): void => {
  if (existsSync(checkout)) return;
  const own = path.join(folder, `making-${process.pid}`);
  try {
    mkdirSync(path.join(own, 'origin'), { recursive: true, mode: 0o700 });
    git(path.join(own, 'origin'), 'init', '-q', '--initial-branch=main');
    commit(path.join(own, 'origin'), '1.0');
    git(own, 'clone', '-q', 'origin', 'app');
    commit(path.join(own, 'origin'), '1.1');
    git(path.join(own, 'app'), 'remote', 'set-url', 'origin', origin);
    renameSync(path.join(own, 'origin'), origin);
    renameSync(path.join(own, 'app'), checkout);
  } catch (error) {
    // no git here, or another console was first
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST' && !existsSync(checkout)) throw error;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
};

/** Makes what updates, validation and the rotation of tokens work on, where it is not there yet. */
export const makeUpkeep = (places: Places): void => {
  const { variables, accepted, shown, origin, checkout } = filesOf(places);
  const secret = (): string => randomBytes(32).toString('base64url');
  writeOnce(
    variables,
    () => `# Of the demo's platform\nSECRET_KEY=${secret()}\nDATABASE_URL=postgresql:///bursar\nSERVICE_TO_SERVICE_SECRET=${secret()}\nMAINTENANCE_MODE=off\n`,
  ); // prettier-ignore
  writeOnce(shown, () => `${secret()}\n`);
  writeOnce(accepted, () => readFileSync(shown));
  makeCheckout(places, origin, checkout);
};

/** What the profile says of it. */
export const upkeepOf = (places: Places, url: string) => {
  const { variables, accepted, shown, checkout } = filesOf(places);
  const steps = [['sh', 'dependencies'], ['sh', 'static']]; // prettier-ignore
  return {
    environmentFile: variables,
    serviceToken: { accepted, shown, url: `${url}/verify`, backEnd: demoService, frontEnd: demoService },
    ...(existsSync(checkout) ? { update: { folder: checkout, steps, back: steps }, checks: [['sh', 'check']] } : {}),
  };
};

/** Whether the token of a request is one that the platform takes. */
export const isService = (places: Places, token: string | string[] | undefined): boolean => {
  const { accepted } = filesOf(places);
  if (typeof token !== 'string' || token === '' || !existsSync(accepted)) return false;
  return readFileSync(accepted, 'utf8').split('\n').includes(token);
};
