import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { smtpChannel, type SmtpSettings } from '../../../src/notices/channels/smtp.ts';
import { answer, bodyOf, headerOf, onlyWith, startMailServer } from '../../support/mail-server.ts';
import { aFolder, aNotice, aResetNotice, aSecret, link } from '../../support/notices.ts';
import { selfMadeCertificate } from '../../support/self-made-certificate.ts';

const from = 'bank@mail.example';
const password = 'correct-horse-battery';
const never = new AbortController().signal;

const channelTo = (settings: Omit<SmtpSettings, 'from'>, { secret = aSecret(password), patienceMs = 10_000 } = {}) =>
  smtpChannel({ from, ...settings }, { password: secret, patienceMs });

/** A server that takes connections and does with them what the test says. */
const startRawServer = async (onSocket: (socket: Socket) => void): Promise<{ server: Server; port: number } & AsyncDisposable> => {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => undefined));
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  };
  return { server, port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: dispose };
};

describe('what arrives', () => {
  test('the notice, to one recipient, under the Message-ID of the notice', async () => {
    await using server = await startMailServer();
    const channel = channelTo({ url: `smtp://127.0.0.1:${server.port}` });
    const body = `Your account is frozen.\n\n  For: "Жанна 王"\n.\n..two dots\nFrom here on\n${'long '.repeat(150)}\n`;
    const notice = aNotice({ body, subject: 'New operator "Жанна"' });
    expect(await channel.deliver(notice, never)).toMatchObject({ ok: true, detail: expect.stringMatching(/^250/) as string });
    expect(server.mails).toMatchObject([{ from, to: ['ada@mail.example'] }]);
    const { raw } = server.mails[0]!;
    expect(headerOf(raw, 'Message-ID')).toBe(`<${notice.id}@bursar>`);
    expect(headerOf(raw, 'Auto-Submitted')).toBe('auto-generated');
    expect(headerOf(raw, 'Date')).toBe('Sat, 21 Nov 2026 07:05:31 +0000');
    expect(headerOf(raw, 'To')).toBe('ada@mail.example');
    expect(headerOf(raw, 'Subject')).toMatch(/^=\?UTF-8\?/i);
    expect(bodyOf(raw).trimEnd()).toBe(body.trimEnd());
    expect(Math.max(...raw.split('\r\n').map(line => Buffer.byteLength(line)))).toBeLessThanOrEqual(998);
  });

  test('a recipient that is more than one address reaches nobody', async () => {
    await using server = await startMailServer();
    const channel = channelTo({ url: `smtp://127.0.0.1:${server.port}` });
    for (const to of ['ada@mail.example, eve@mail.example', 'ada@mail.example\r\nBcc: eve@mail.example', 'nobody', '']) {
      expect(await channel.deliver(aNotice({ to }), never)).toEqual({ ok: false, permanent: true, error: 'this is no mail address' });
    }
    expect(server.mails).toEqual([]);
  });
});

describe('encryption and sign-in', () => {
  const certificate = selfMadeCertificate('localhost', '0.0.0.0');
  test('smtps: a certificate that is trusted is enough, one that is not ends it before a word', async () => {
    using folder = aFolder();
    const seen: string[] = [];
    await using server = await startMailServer({ options: { secure: true, ...certificate, ...onlyWith(password, seen) } });
    const url = `smtps://bursar@localhost:${server.port}`;
    const passwordFile = folder.write('password', `${password}\n`);
    const trusted = channelTo({ url, caFile: folder.write('ca.pem', certificate.cert) }, { secret: aSecret(undefined, passwordFile) });
    expect(await trusted.deliver(aResetNotice(), never)).toEqual({ ok: true, detail: '250' });
    expect(server.mails).toMatchObject([{ secure: true }]);

    const strange = await channelTo({ url }).deliver(aNotice(), never);
    expect(strange).toMatchObject({ ok: false, permanent: false, error: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') as string });
    expect([server.mails.length, seen]).toEqual([1, ['bursar']]);
  });

  test('smtp to another host: STARTTLS, or nothing is sent and no password given', async () => {
    using folder = aFolder();
    const seen: string[] = [];
    const caFile = folder.write('ca.pem', certificate.cert);
    // 0.0.0.0 leads to this machine and is none of its loopback names: the rules for the wire apply
    {
      await using server = await startMailServer({ options: { ...certificate, ...onlyWith(password, seen) } });
      const channel = channelTo({ url: `smtp://bursar@0.0.0.0:${server.port}`, caFile });
      expect(await channel.deliver(aNotice(), never)).toMatchObject({ ok: true });
      expect([server.mails[0]?.secure, seen]).toEqual([true, ['bursar']]);
      expect(await channelTo({ url: `smtp://bursar@0.0.0.0:${server.port}` }).deliver(aNotice(), never)).toMatchObject({
        ok: false,
        permanent: false,
      });
    }
    await using plain = await startMailServer({
      options: { ...onlyWith(password, seen), disabledCommands: ['STARTTLS'], allowInsecureAuth: true },
    });
    const refused = await channelTo({ url: `smtp://bursar@0.0.0.0:${plain.port}`, caFile }).deliver(aNotice(), never);
    expect(refused).toMatchObject({ ok: false, permanent: false });
    expect([plain.mails, seen]).toEqual([[], ['bursar']]);
  });

  test('a wrong password is no fault of the notice, and is not repeated, whatever the server says', async () => {
    const wrong = 'a-wrong-password';
    await using server = await startMailServer({
      options: { ...onlyWith(password, []), disabledCommands: ['STARTTLS'], allowInsecureAuth: true },
    });
    const channel = channelTo({ url: `smtp://bursar@127.0.0.1:${server.port}` }, { secret: aSecret(wrong) });
    expect(await channel.deliver(aNotice(), never)).toEqual({
      ok: false,
      permanent: false,
      error: 'the mail server refuses the sign-in (535)',
    });
    expect(server.mails).toEqual([]);
  });

  test('a password that is missing, or that others may read, is said so', async () => {
    using folder = aFolder();
    const url = 'smtps://bursar@localhost:1';
    const open = folder.write('open', password, 0o644);
    const errorWith = async (secret: ReturnType<typeof aSecret>) => channelTo({ url }, { secret }).deliver(aNotice(), never);
    expect(await errorWith(aSecret(undefined, open))).toMatchObject({ error: `${open} can be read by others: chmod 600 it` });
    expect(await errorWith(aSecret(undefined, `${open}.not`))).toMatchObject({ error: `${open}.not cannot be read (ENOENT)` });
    expect(await errorWith(aSecret())).toMatchObject({
      error: 'the mail server takes a password: name passwordFile, or set BURSAR_TEST_SECRET',
    });
  });
});

describe('what a server refuses', () => {
  test('4xx may pass, 5xx will not, and its words are told', async () => {
    let refusal = answer(451, 'greylisted, come back later');
    await using server = await startMailServer({ judge: stage => (stage === 'recipient' ? refusal : undefined) });
    const channel = channelTo({ url: `smtp://127.0.0.1:${server.port}` });
    expect(await channel.deliver(aNotice(), never)).toEqual({
      ok: false,
      permanent: false,
      error: 'the mail server answered 451 greylisted, come back later to RCPT TO',
    });
    refusal = answer(550, 'no such\u001b[31m user');
    expect(await channel.deliver(aNotice(), never)).toMatchObject({
      permanent: true,
      error: expect.stringContaining('550 no such') as string,
    });
    expect(JSON.stringify(await channel.deliver(aNotice(), never))).not.toMatch(/\\u001b/);
  });

  test('a server that repeats the link it was sent does not bring it into an error', async () => {
    const said: string[] = [];
    await using server = await startMailServer({
      judge: (stage, raw) => {
        if (stage === 'recipient') return undefined;
        said.push(raw);
        return answer(554, `5.7.1 blocked: ${bodyOf(raw).split('\n').join(' ')}`);
      },
    });
    const channel = channelTo({ url: `smtp://127.0.0.1:${server.port}` });
    const delivered = await channel.deliver(aResetNotice(), never);
    expect(bodyOf(said[0] ?? '')).toContain(link);
    expect(delivered).toEqual({ ok: false, permanent: true, error: 'the mail server answered 554 5.7.1 to DATA' });
    expect(await channel.deliver(aNotice(), never)).toMatchObject({
      error: expect.stringContaining('blocked: Your account is frozen.') as string,
    });
  });
});

describe('servers that are not there', () => {
  test('a refused connection, a name that leads nowhere', async () => {
    const { port } = await startRawServer(() => undefined).then(async gone => {
      await gone[Symbol.asyncDispose]();
      return gone;
    });
    const refused = await channelTo({ url: `smtp://127.0.0.1:${port}` }).deliver(aNotice(), never);
    expect(refused).toEqual({ ok: false, permanent: false, error: 'no mail was sent (ECONNREFUSED)' });
    const lost = await channelTo({ url: 'smtps://mail.invalid' }).deliver(aNotice(), never);
    expect(lost).toMatchObject({
      ok: false,
      permanent: false,
      error: expect.stringMatching(/^no mail was sent \(E|did not answer in time$/) as string,
    });
  });

  test('one that says nothing, or stops in the middle, is left in time', async () => {
    await using silent = await startRawServer(() => undefined);
    const inTime = { ok: false, permanent: false, error: 'the mail server did not answer in time' };
    const before = performance.now();
    expect(await channelTo({ url: `smtp://127.0.0.1:${silent.port}` }, { patienceMs: 300 }).deliver(aNotice(), never)).toEqual(inTime);
    await using stopping = await startRawServer(socket => {
      socket.write('220 here\r\n');
      socket.once('data', () => socket.write('250 hello\r\n'));
    });
    expect(await channelTo({ url: `smtp://127.0.0.1:${stopping.port}` }, { patienceMs: 300 }).deliver(aNotice(), never)).toEqual(inTime);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('one that hangs up, or speaks no SMTP', async () => {
    await using rude = await startRawServer(socket => void socket.end());
    expect(await channelTo({ url: `smtp://127.0.0.1:${rude.port}` }).deliver(aNotice(), never)).toMatchObject({
      ok: false,
      permanent: false,
    });
    await using other = await startRawServer(socket => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await channelTo({ url: `smtp://127.0.0.1:${other.port}` }).deliver(aNotice(), never)).toMatchObject({
      ok: false,
      permanent: false,
    });
    await using closed = await startRawServer(socket => void socket.end('554 not today\r\n'));
    expect(await channelTo({ url: `smtp://127.0.0.1:${closed.port}` }).deliver(aNotice(), never)).toMatchObject({
      ok: false,
      permanent: false,
    });
  });

  test('the end of the console ends the conversation', async () => {
    const ending = new AbortController();
    await using silent = await startRawServer(() => ending.abort());
    const delivered = await channelTo({ url: `smtp://127.0.0.1:${silent.port}` }).deliver(aNotice(), ending.signal);
    expect(delivered).toMatchObject({ ok: false, permanent: false });
  });
});
