import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { expect, test } from 'vitest';
import { askHttp, askOldTls, askSmtp, askValkey } from '../../../src/maintenance/probe/endpoints.ts';

const portOf = (server: Server): Promise<number> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

/** What is asked of a server that says this to whoever comes, and answers every line with that. */
const withTalker = async <T>(greeting: string, answer: string, ask: (endpoint: string) => Promise<T>): Promise<T> => {
  const server = createTcpServer(socket => {
    socket.on('error', () => undefined);
    if (greeting !== '') socket.write(greeting);
    socket.on('data', () => socket.write(answer));
  });
  try {
    return await ask(`127.0.0.1:${await portOf(server)}`);
  } finally {
    server.close();
  }
};

const withTls = async <T>(options: TlsOptions, ask: (address: string) => Promise<T>): Promise<T> => {
  // of RSA: old protocols know no newer keys
  const folder = mkdtempSync(path.join(tmpdir(), 'bursar-tls-'));
  const [key, cert] = ['key', 'cert'].map(name => path.join(folder, name)) as [string, string];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=bank.example', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert), ...options }, socket => socket.on('error', () => undefined).end()).on('tlsClientError', () => undefined);
  try {
    return await ask(`https://127.0.0.1:${await portOf(server)}/healthz`);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}; // prettier-ignore

test('a web server that still agrees to TLS 1.1 is told, one that refuses it is good, plain HTTP is not asked', async () => {
  expect(await withTls({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, askOldTls)).toMatchObject({ measure: 'platform-tls', value: 1, words: '127.0.0.1 agrees to TLSv1.1' });
  expect(await withTls({ minVersion: 'TLSv1.2' }, askOldTls)).toMatchObject({ value: 0, words: '127.0.0.1 refuses TLS 1.0 and 1.1' });
  expect(await askOldTls('https://127.0.0.1:1/')).toMatchObject({ value: null, words: expect.stringContaining('cannot be reached') as string });
  expect(await askOldTls('http://127.0.0.1:1/')).toBeUndefined();
}); // prettier-ignore

test('Valkey and the mail server are taken at their first line, and what hostile ones say is made harmless', async () => {
  expect(await withTalker('', '-NOAUTH Authentication required.\r\n', askValkey)).toMatchObject({ value: expect.any(Number) as number, words: expect.stringContaining('wants a password') as string });
  expect(await withTalker('', '-LOADING \u001b[2Jthe dataset\r\n', askValkey)).toMatchObject({ value: null, grade: 'bad', words: expect.stringMatching(/says -LOADING ␛\[2Jthe dataset$/) as string });
  expect(await withTalker('554 no\r\n', '', askSmtp)).toMatchObject({ value: null, grade: 'bad', words: expect.stringContaining('greets with 554 no') as string });
  expect(await withTalker('220-mail\r\n', '', askSmtp)).toMatchObject({ value: expect.any(Number) as number });
  expect(await withTalker('x'.repeat(2_000), '', askSmtp)).toMatchObject({ grade: 'bad', words: 'said something else than a line' });
  expect(await askValkey('127.0.0.1:1')).toMatchObject({ value: null, grade: 'bad', words: 'ECONNREFUSED' });
  expect(await askHttp('http://127.0.0.1:64999/')).toMatchObject({ value: null, grade: 'bad', words: 'ECONNREFUSED' });
}); // prettier-ignore

test('an endpoint that takes a connection and says nothing is given five seconds', async () => {
  expect(await withTalker('', '', askSmtp)).toMatchObject({ value: null, grade: 'bad', words: 'said nothing for 5 s' });
}, 120_000);
