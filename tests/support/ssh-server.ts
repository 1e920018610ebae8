import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import type { RemoteAddress } from '../../src/domain/remote-host.ts';
import type { RemoteTarget } from '../../src/remote/connection.ts';

const program = '/usr/sbin/sshd';

const isThere = (file: string): boolean => {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
};

/** Why there is no OpenSSH server here; undefined where there is one. `.ci/run` installs it. */
export const whyNoSshServer = isThere(program) ? undefined : `there is no ${program}`;

/** A real OpenSSH server on loopback that lets the account of the test in by a key of its own. */
export type SshServer = AsyncDisposable & {
  readonly at: RemoteAddress;
  readonly keyFile: string;
  readonly fingerprint: string;
  readonly target: RemoteTarget;
  /** A folder of its own, for what commands write. */
  readonly folder: string;
  /** What the server says it did, from its log. */
  readonly log: () => string;
  /** Another host key from now on, as after an intrusion or a new installation. Gives its fingerprint. */
  readonly changeKey: () => Promise<string>;
  /** Ends the server and every connection at once. */
  readonly cut: () => Promise<void>;
  readonly start: () => Promise<void>;
};

const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer().on('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * A port for a server that is ended and started again. Those that the kernel gives to whoever asks for any, from 32768 on, might be somebody else's meanwhile; of the others each process
 * of tests looks at its own.
 */
const freePort = async (): Promise<number> => {
  const [processes, each, first] = [8, 2_000, 12_000];
  const own = first + (Number(process.env['VITEST_POOL_ID'] ?? process.pid) % processes) * each;
  for (let tries = 0; tries < each; tries++) {
    const port = own + ((Math.floor(Math.random() * each) + tries) % each);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
};

const makeKey = (file: string): void => {
  rmSync(file, { force: true });
  rmSync(`${file}.pub`, { force: true });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file]);
};

/** As ssh-keygen itself says it: not by the code that is tested. */
const fingerprintOf = (file: string): string =>
  execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`], { encoding: 'utf8' }).split(' ')[1] ?? '';

const untilItListens = (server: ChildProcess, log: () => string): Promise<void> =>
  new Promise((resolve, reject) => {
    const look = setInterval(() => {
      if (!log().includes('Server listening')) return;
      clearInterval(look);
      resolve();
    }, 20);
    server.once('exit', code => {
      clearInterval(look);
      reject(new Error(`sshd ended with ${code}: ${log()}`));
    });
  });

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const parentOf = (pid: number): number => {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 0; // it has ended meanwhile
  }
};

const isSshd = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sshd');
  } catch {
    return false; // it has ended meanwhile
  }
};

const descendantsOf = (pid: number): readonly number[] => {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
  const children = all.filter(candidate => parentOf(candidate) === pid);
  return children.flatMap(child => [...descendantsOf(child), child]);
};

type SshServerWishes = {
  /** The PATH of whatever is run there. */
  readonly searchPath?: string;
  /** Another server, whose key lets in here too. */
  readonly like?: Pick<SshServer, 'keyFile'>;
  /** Run in the place of every command, which it finds in SSH_ORIGINAL_COMMAND; otherwise each begins in a folder of the server's own. */
  readonly forced?: string;
};

export const anSshServer = async ({ searchPath, like, forced }: SshServerWishes = {}): Promise<SshServer> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-sshd-'));
  const [hostKey, ownKey, logFile] = ['host', 'key', 'log'].map(name => path.join(folder, name)) as [string, string, string];
  const keyFile = like?.keyFile ?? ownKey;
  const work = path.join(folder, 'work');
  mkdirSync(work);
  // locks and logs of runs lie where a command begins: in the home of whoever tests, a host of another file that has the same name would hold them
  const account = path.join(folder, 'account');
  mkdirSync(account);
  // nor is the home of whoever tests the account's: its shell would read their settings before each command, which may take longer than the command
  const environment = [`HOME=${account}`, ...(searchPath === undefined ? [] : [`PATH=${searchPath}`])].join(' ');
  makeKey(hostKey);
  if (!like) makeKey(keyFile);
  copyFileSync(`${keyFile}.pub`, path.join(folder, 'authorized_keys'));
  chmodSync(keyFile, 0o600);
  // sshd as root wants its empty folder, which only a service manager makes
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const port = await freePort();
  writeFileSync(
    path.join(folder, 'config'),
    [
      `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKey}`, `AuthorizedKeysFile ${path.join(folder, 'authorized_keys')}`, 'StrictModes no',
      'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'UsePAM no', 'PermitRootLogin prohibit-password', `PidFile ${path.join(folder, 'pid')}`, 'LogLevel VERBOSE',
      'MaxStartups 100', `SetEnv ${environment}`,
      `ForceCommand ${forced ?? `cd ${account} && exec sh -c "$SSH_ORIGINAL_COMMAND"`}`, '',
    ].join('\n'), // prettier-ignore
  );
  const at: RemoteAddress = { address: '127.0.0.1', port, user: userInfo().username };
  const log = (): string => readFileSync(logFile, 'utf8');
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    writeFileSync(logFile, '');
    server = spawn(program, ['-D', '-E', logFile, '-f', path.join(folder, 'config')], { stdio: 'ignore', detached: true });
    await untilItListens(server, log);
  };
  const cut = async (): Promise<void> => {
    const running = server;
    server = undefined;
    if (!running?.pid || running.exitCode !== null) return;
    const ended = new Promise(resolve => running.once('exit', resolve));
    // Each connection is served by processes of its own, with sessions of their own; what they have just started outlives them, as on any host
    for (const pid of [...descendantsOf(running.pid).filter(isSshd), running.pid]) kill(pid);
    await ended;
  };
  await start();
  const fingerprint = fingerprintOf(hostKey);
  return {
    at, keyFile, fingerprint, folder: work, log, cut, start,
    target: { at, pinned: fingerprint, credentials: { keyFile } },
    changeKey: async () => {
      await cut();
      makeKey(hostKey);
      await start();
      return fingerprintOf(hostKey);
    },
    [Symbol.asyncDispose]: async () => {
      await cut();
      // what was begun there may still write its last words
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  }; // prettier-ignore
};
