import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import smtpServer from 'smtp-server';

type Options = NonNullable<ConstructorParameters<typeof smtpServer.SMTPServer>[0]>;
type Mail = { readonly from: string; readonly to: readonly string[]; readonly raw: string; readonly secure: boolean };

/** An answer that an SMTP server gives instead of accepting. */
export const answer = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });

/** Signs in with the right password only, keeps who tried, and repeats what was wrong, as a server should not. */
export const onlyWith = (password: string, seen: string[]): Options => ({
  onAuth: ({ username, password: typed }, _session, callback) => {
    const given = typed ?? '';
    seen.push(username ?? '');
    const base64 = Buffer.from(given).toString('base64');
    if (given === password) callback(null, { user: username ?? '' });
    else callback(answer(535, `no entry with ${given}, nor with ${base64}`));
  },
});

export type MailServerWishes = {
  readonly options?: Options;
  /** Asked for each recipient and each message; an error is the answer. */
  readonly judge?: (stage: 'recipient' | 'message', raw: string) => Error | undefined;
};

/** A real SMTP server on a free port, which keeps what it is sent. */
export const startMailServer = async ({ options = {}, judge = () => undefined }: MailServerWishes = {}) => {
  const mails: Mail[] = [];
  const server = new smtpServer.SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 100,
    onRcptTo: ({ address }, _session, callback) => callback(judge('recipient', address) ?? null),
    onData: (stream, session, callback) => {
      const keep = async (): Promise<void> => {
        // a sender that dies in the middle of a message has sent none
        const raw = await text(stream).catch(() => undefined);
        if (raw === undefined) return callback(answer(451, 'the message was cut off'));
        const refusal = judge('message', raw);
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom ? mailFrom.address : '';
        if (!refusal) mails.push({ from, to: rcptTo.map(({ address }) => address), raw, secure: session.secure });
        callback(refusal ?? null);
      };
      void keep();
    },
    ...options,
  });
  // a client that gives up is part of what is tested
  server.on('error', () => undefined);
  const listening = server.listen(0, '0.0.0.0');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const closed = (): Promise<void> => new Promise(resolve => server.close(resolve));
  return { port, mails, [Symbol.asyncDispose]: closed };
};

/** A header of a raw message, unfolded. */
export const headerOf = (raw: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(raw.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n\r\n')[0] ?? '')?.[1]?.trimEnd();

/** The text of a quoted-printable message (RFC 2045, 6.7). */
export const bodyOf = (raw: string): string => {
  const encoded = raw.slice(raw.indexOf('\r\n\r\n') + 4).replaceAll('=\r\n', '');
  const bytes = encoded.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8').replaceAll('\r\n', '\n');
};
