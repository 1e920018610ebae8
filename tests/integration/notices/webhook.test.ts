import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { webhookChannel } from '../../../src/notices/channels/webhook.ts';
import { aNotice, aResetNotice, aSecret, link } from '../../support/notices.ts';
import { selfMadeCertificate } from '../../support/self-made-certificate.ts';

const secret = 'whsec-5f2c9d';
const token = 'T0K3N-in-the-path';
const never = new AbortController().signal;

type Seen = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly method: string | undefined };

/** A real HTTP server that keeps what it is sent and answers as told. */
const startReceiver = async (
  respond: (...args: [...Parameters<RequestListener>, body: string]) => void,
  tls?: { key: string; cert: string },
) => {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    void text(request).then(body => {
      seen.push({ headers: request.headers, body, method: request.method });
      return respond(request, response, body);
    });
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http${tls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}/${token}`;
  const dispose = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url, seen, [Symbol.asyncDispose]: dispose };
};

const channelTo = (url: string, patienceMs = 10_000) =>
  webhookChannel({ url }, { secret: aSecret(secret), patienceMs, now: () => new Date('2026-11-21T07:00:00.900Z') });

test('a signed POST of JSON, the same id at every attempt', async () => {
  await using receiver = await startReceiver((_, response) => response.writeHead(204).end());
  const notice = aNotice({ channel: 'webhook', to: 'operations' });
  for (const _ of [1, 2]) expect(await channelTo(receiver.url).deliver(notice, never)).toEqual({ ok: true, detail: 'HTTP 204' });
  expect(receiver.seen).toHaveLength(2);
  for (const { method, headers, body } of receiver.seen) {
    expect(method).toBe('POST');
    expect(JSON.parse(body)).toEqual({
      id: notice.id,
      template: 'account-frozen',
      to: 'operations',
      subject: notice.subject,
      body: notice.body,
      createdAt: '2026-11-21T07:05:31.000Z',
    });
    expect(headers['idempotency-key']).toBe(notice.id);
    const mac = createHmac('sha256', secret).update(`1795244400.${body}`).digest('hex');
    expect(headers['x-bursar-signature']).toBe(`t=1795244400,v1=${mac}`);
  }
});

test('which answers are final', async () => {
  let status = 200;
  await using receiver = await startReceiver((_, response, body) => response.writeHead(status).end(`${status}: ${body} ${secret}`));
  const outcomes: Record<number, string> = {};
  for (status of [200, 202, 400, 401, 404, 408, 410, 422, 429, 500, 503]) {
    const delivered = await channelTo(receiver.url).deliver(aResetNotice({ channel: 'webhook' }), never);
    outcomes[status] = delivered.ok ? 'sent' : delivered.permanent ? 'dead' : 'again';
    expect(JSON.stringify(delivered)).not.toMatch(new RegExp(`${link}|${secret}|${token}`));
  }
  expect(outcomes).toEqual({
    200: 'sent', 202: 'sent', 400: 'dead', 401: 'dead', 404: 'dead', 408: 'again', 410: 'dead', 422: 'dead', 429: 'again', 500: 'again', 503: 'again',
  }); // prettier-ignore
});

test('a redirect leads nowhere', async () => {
  await using inside = await startReceiver((_, response) => response.end());
  for (const status of [301, 302, 303, 307, 308]) {
    await using receiver = await startReceiver((_, response) => response.writeHead(status, { Location: inside.url }).end());
    expect(await channelTo(receiver.url).deliver(aResetNotice(), never)).toEqual({
      ok: false,
      permanent: false,
      error: `the webhook answered HTTP ${status}, a redirect; none is followed`,
    });
  }
  expect(inside.seen).toEqual([]);
});

test('one that hangs before or within its answer, one that never stops, one that is gone', async () => {
  await using silent = await startReceiver(() => undefined);
  expect(await channelTo(silent.url, 300).deliver(aNotice(), never)).toEqual({
    ok: false,
    permanent: false,
    error: 'the webhook did not answer in time',
  });
  await using endless = await startReceiver((_, response) => {
    const more = (): void => void (response.destroyed || response.write('x'.repeat(65_536), () => setImmediate(more)));
    response.writeHead(200);
    more();
  });
  expect(await channelTo(endless.url, 2_000).deliver(aNotice(), never)).toEqual({ ok: true, detail: 'HTTP 200' });
  const { url } = silent;
  await silent[Symbol.asyncDispose]();
  const gone = await channelTo(url).deliver(aNotice(), never);
  expect(gone).toEqual({ ok: false, permanent: false, error: 'the webhook cannot be reached (ECONNREFUSED)' });
});

test('https to a certificate that nobody vouches for sends nothing', async () => {
  await using receiver = await startReceiver((_, response) => response.end(), selfMadeCertificate('127.0.0.1'));
  const delivered = await channelTo(receiver.url).deliver(aResetNotice(), never);
  expect(delivered).toEqual({ ok: false, permanent: false, error: 'the webhook cannot be reached (DEPTH_ZERO_SELF_SIGNED_CERT)' });
  expect(receiver.seen).toEqual([]);
});

test('without a secret to sign with nothing is sent', async () => {
  await using receiver = await startReceiver((_, response) => response.end());
  const delivered = await webhookChannel({ url: receiver.url }, { secret: aSecret() }).deliver(aNotice(), never);
  expect(delivered).toMatchObject({ ok: false, permanent: false, error: expect.stringContaining('BURSAR_TEST_SECRET') as string });
  expect(receiver.seen).toEqual([]);
});
