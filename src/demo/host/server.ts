import { spawn } from 'node:child_process';
import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { AuthContext, Connection, ParsedKey, Server, ServerChannel } from 'ssh2';
import { demoUser, type Places } from './places.ts';

/** Who has connected and has not signed in by then goes, in milliseconds. */
const signInWithin = 20_000;

/** What a command finds around it: nothing of the console's environment, which names its databases. */
const environmentFor = ({ folder, programs }: Places): NodeJS.ProcessEnv => ({
  HOME: folder,
  PATH: `${programs}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin`,
  USER: userInfo().username,
  LOGNAME: userInfo().username,
  SHELL: '/bin/sh',
  LANG: 'C.UTF-8',
});

const isSame = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

/** Lets in whoever has the one key; the first question of a client shows only the key, without a signature. */
const judge = (context: AuthContext, key: ParsedKey): void => {
  if (context.method !== 'publickey' || context.username !== demoUser) return context.reject(['publickey']);
  const isOurs = context.key.algo === key.type && isSame(context.key.data, key.getPublicSSH());
  // ssh2 answers an Error for a signature that it cannot read, whatever its types say
  const verdict: unknown = context.signature === undefined || (context.blob !== undefined && key.verify(context.blob, context.signature));
  if (isOurs && verdict === true) context.accept();
  else context.reject(['publickey']);
};

/** As sshd does: the shell of the account reads the command, in a session of its own that outlives the connection. */
const execute = (command: string, channel: ServerChannel, places: Places): void => {
  const child = spawn('/bin/sh', ['-c', command], { cwd: places.folder, env: environmentFor(places), detached: true, stdio: 'pipe' });
  // whoever reads no more, or writes no more, ends only that
  for (const stream of [child.stdin, child.stdout, child.stderr, channel]) stream.on('error', () => undefined);
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  const leave = (): void => {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    child.unref();
  };
  channel.on('close', leave);
  child.on('error', () => {
    channel.exit(127);
    channel.end();
  });
  child.on('close', (code, signal) => {
    channel.off('close', leave);
    if (signal === null) channel.exit(code ?? 255);
    else channel.exit(signal.replace(/^SIG/, ''));
    channel.end();
  });
};

const serve = (client: Connection, key: ParsedKey, places: Places): void => {
  const late = setTimeout(() => client.end(), signInWithin).unref();
  // a client that breaks off is no trouble of the host's
  client.on('error', () => client.end());
  client.on('close', () => clearTimeout(late));
  client.on('authentication', context => judge(context, key));
  client.on('ready', () => {
    clearTimeout(late);
    client.on('session', accept => {
      accept().on('exec', (acceptExec, _reject, { command }) => execute(command, acceptExec(), places));
    });
  });
};

const listen = (server: Server, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });

/** An SSH server on loopback that really executes what it is told; undefined where somebody else has the port. */
export const openServer = async (places: Places, port: number): Promise<{ readonly close: () => void } | undefined> => {
  const { default: ssh2 } = await import('ssh2');
  const key = ssh2.utils.parseKey(readFileSync(`${places.keyFile}.pub`));
  if (key instanceof Error) throw key;
  const clients = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [readFileSync(places.hostKeyFile)], ident: 'bursar-demo' }, client => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    serve(client, key, places);
  });
  if (!(await listen(server, port))) return undefined;
  return {
    close: () => {
      server.close();
      for (const client of clients) client.end();
    },
  };
};
