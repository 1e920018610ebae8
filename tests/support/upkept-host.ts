import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { aCommand, type Answer } from './command.ts';
import type { GuideBank } from './guide-bank.ts';
import { aMaintainedHost, writeProgram, type MaintainedHost } from './maintained-host.ts';

/** What a test must not do to the machine that it runs on: these write down what they were given, and answer as told. */
const dangerous = ['systemctl', 'apt-get', 'unattended-upgrade', 'certbot'] as const;

export type Ran = { readonly code: number; readonly run: string; readonly steps: readonly Record<string, unknown>[] };

/** A host with a platform: a checkout of git, logs, a certificate, variables, tokens, and a page that says whether it is well. */
export type UpkeptHost = AsyncDisposable & {
  readonly host: MaintainedHost;
  readonly place: (...parts: string[]) => string;
  /** What the dangerous programs were given, in order, one line each. */
  readonly recorded: () => readonly string[];
  readonly forget: () => void;
  readonly bursar: (...args: string[]) => Promise<Answer>;
  /** Asks for a runbook, follows it to its end, and gives what its steps said. */
  readonly runs: (runbook: string, ...flags: string[]) => Promise<Ran>;
  /** A commit of the origin, which the checkout does not have yet. */
  readonly release: (name: string) => void;
};

const git = (folder: string, ...words: string[]): void => {
  execFileSync('git', ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@mail.example', ...words], { stdio: 'ignore' });
};

/** The page of the platform: health, and who is let in by X-Service-Token. It takes the tokens that stood in its file when it was last restarted. */
const aPage = async (restarts: string, tokens: string) => {
  const accepted = (): readonly string[] => {
    const seen = existsSync(restarts) ? readFileSync(restarts, 'utf8').split('\n').filter(line => line === 'systemctl restart -- bank').length : 0;
    if (seen !== page.restarts) [page.restarts, page.accepted] = [seen, readFileSync(tokens, 'utf8').split('\n').filter(Boolean)];
    return page.accepted;
  };
  const page = { restarts: 0, accepted: readFileSync(tokens, 'utf8').split('\n').filter(Boolean) };
  const server = createServer((request, response) => {
    if (request.url === '/verify') response.statusCode = accepted().includes(String(request.headers['x-service-token'])) ? 200 : 401;
    response.end('{"status":"ok"}');
  });
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}; // prettier-ignore

const fill = (place: UpkeptHost['place']): void => {
  for (const folder of ['logs', 'rotations', 'live', 'served']) mkdirSync(place(folder), { recursive: true });
  execFileSync('git', ['init', '-q', '--initial-branch=main', place('origin')]);
  writeFileSync(place('origin', 'version'), 'one\n');
  git(place('origin'), 'add', '.');
  git(place('origin'), 'commit', '-q', '-m', 'one');
  execFileSync('git', ['clone', '-q', place('origin'), place('checkout')]);
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '60', '-subj', '/CN=bank.example'];
  execFileSync('openssl', [...made, '-keyout', place('live', 'key.pem'), '-out', place('live', 'cert.pem')], { stdio: 'ignore' });
  writeFileSync(place('tokens'), `${'a'.repeat(40)}\n`, { mode: 0o600 });
  writeFileSync(place('shown'), `${'a'.repeat(40)}\n`, { mode: 0o600 });
}; // prettier-ignore

const platformOf = (place: UpkeptHost['place'], url: string) => ({
  health: `${url}/health`,
  service: 'bank',
  proxy: 'nginx',
  logs: [place('logs', 'app.log')],
  certificates: [place('served', 'cert.pem')],
  renewed: [{ from: place('live', 'cert.pem'), to: place('served', 'cert.pem') }],
  rotations: place('rotations'),
  update: {
    folder: place('checkout'),
    steps: [['cp', 'version', place('dependencies')], ['cp', 'version', place('static')]],
    back: [['cp', 'version', place('static')]],
  },
  checks: [['grep', '--quiet', '--invert-match', 'broken', 'version']],
  environmentFile: place('.env'),
  serviceToken: { accepted: place('tokens'), shown: place('shown'), url: `${url}/verify`, backEnd: 'bank', frontEnd: 'front' },
}); // prettier-ignore

export const anUpkeptHost = async (bank: GuideBank): Promise<UpkeptHost> => {
  const host = await aMaintainedHost({ url: bank.url });
  const place: UpkeptHost['place'] = (...parts) => path.join(host.folder, ...parts);
  const record = place('recorded');
  for (const program of dangerous) {
    writeProgram(
      host.programs,
      program,
      `echo "${program} $*" >> '${record}'\n[ "${program} $1" != "systemctl is-active" ] || echo active`,
    );
  }
  fill(place);
  const page = await aPage(record, place('tokens'));
  const platform = platformOf(place, page.url);
  writeFileSync(path.join(host.bursarHome, 'config.json'), JSON.stringify({ platform }));
  writeFileSync(path.join(host.consoleHome, 'config.json'), JSON.stringify({ remote: { keyFile: host.keyFile }, platform }));
  for (const name of ['app1', 'app2']) await host.join(bank, name);
  const bursar = aCommand({ url: bank.url, home: host.consoleHome });
  return {
    host, place, bursar, 
    recorded: () => (existsSync(record) ? readFileSync(record, 'utf8').trimEnd().split('\n') : []),
    forget: () => writeFileSync(record, ''),
    runs: async (runbook, ...flags) => {
      const asked = await bursar('runs', runbook, ...flags, '--note', 'asked for by a test', '--yes');
      const [, run = ''] = /run (\d+)/.exec(asked.stdout) ?? [];
      if (run === '') throw new Error(`${runbook} was not asked for: ${asked.stderr}`);
      const { code } = await bursar('runs', 'follow', run);
      const steps = await bank.rows(
        `SELECT s.title, h.name AS host, s.status, s.code, s.tail, s.result FROM ops.run_step s JOIN ops.run r ON r.id = s.run_id JOIN ops.host h ON h.id = s.host_id WHERE r.number = $1 ORDER BY s.position`,
        [run],
      );
      return { code, run, steps };
    },
    release: name => {
      writeFileSync(place('origin', 'version'), `${name}\n`);
      git(place('origin'), 'commit', '-q', '-a', '-m', name);
    },
    [Symbol.asyncDispose]: async () => {
      page.close();
      await host[Symbol.asyncDispose]();
    },
  }; // prettier-ignore
};
