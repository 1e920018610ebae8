import { readFile } from 'node:fs/promises';
import { getCACertificates } from 'node:tls';
import type { NodemailerError } from 'nodemailer/lib/errors';
import { isLoopback, isMailAddress, type NoticeSettings } from '../../domain/notice-settings.ts';
import { safe } from '../../domain/safe-text.ts';
import { undelivered, type Channel, type Delivered, type OutgoingNotice } from '../channel.ts';
import { readSecret, SecretError, type SecretSource } from '../secret-source.ts';

export type SmtpSettings = NonNullable<NoticeSettings['smtp']>;
export type SmtpOptions = {
  readonly password: SecretSource;
  /** For the whole conversation, in milliseconds; well below the lease of a claim. */
  readonly patienceMs?: number;
};

/** A server that says nothing for so long says nothing more. */
const silenceMs = 20_000;
const usualPorts = { 'smtp:': 587, 'smtps:': 465 } as const;

type Credentials = { readonly user: string; readonly pass: string };

const credentialsFor = async (url: URL, source: SecretSource): Promise<Credentials | undefined> => {
  if (url.username === '') return undefined;
  const pass = await readSecret(source);
  if (pass === undefined) throw new SecretError(`the mail server takes a password: name passwordFile, or set ${source.variable}`);
  return { user: decodeURIComponent(url.username), pass };
};

/** TLS is a must on the wire. To this machine itself it is taken where offered, and a certificate there proves nothing. */
const connectionTo = async (url: URL, caFile: string | undefined) => {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'smtps:';
  const own = isLoopback(host);
  return {
    host,
    port: Number(url.port) || usualPorts[secure ? 'smtps:' : 'smtp:'],
    secure,
    requireTLS: !secure && !own,
    tls: {
      minVersion: 'TLSv1.2' as const,
      rejectUnauthorized: secure || !own,
      ...(caFile === undefined ? {} : { ca: [...getCACertificates('default'), await readFile(caFile, 'utf8')] }),
    },
    connectionTimeout: silenceMs,
    greetingTimeout: silenceMs,
    socketTimeout: silenceMs,
    // without a network there is still this machine
    allowInternalNetworkInterfaces: true,
  };
};

const messageOf = (notice: OutgoingNotice, from: string, signal: AbortSignal) => ({
  from,
  to: { name: '', address: notice.to },
  envelope: { from, to: [notice.to] },
  subject: notice.subject,
  text: notice.body,
  textEncoding: 'quoted-printable' as const,
  messageId: `<${notice.id}@bursar>`,
  date: notice.createdAt,
  // no out-of-office answers to a machine (RFC 3834)
  headers: { 'Auto-Submitted': 'auto-generated', 'X-Bursar-Template': notice.template },
  signal,
});

/** What the server said, where it can have repeated neither the notice's secret nor the password. */
const wordsOf = (response: string | undefined, notice: OutgoingNotice, credentials: Credentials | undefined): string => {
  const status = /^\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?/.exec(response ?? '')?.[0] ?? '';
  if (notice.confidential || response === undefined) return status;
  return safe(credentials ? response.replaceAll(credentials.pass, '***') : response, { max: 200 });
};

/** Whether it is this message that the server does not want, today or ever. A refused sign-in is our own trouble, and can be mended. */
const isRefusalForEver = ({ code, permanent, responseCode }: NodemailerError): boolean =>
  (code === 'EENVELOPE' || code === 'EMESSAGE') && (permanent === true || responseCode === undefined);

const explain = (error: NodemailerError, notice: OutgoingNotice, credentials: Credentials | undefined): Delivered => {
  if (error instanceof SecretError) return undelivered(error.message);
  const { code = 'unknown', originalCode, response, command } = error;
  if (code === 'EAUTH') return undelivered(`the mail server refuses the sign-in (${/^\d{3}/.exec(response ?? '')?.[0] ?? code})`);
  if (code === 'EABORT' || code === 'ETIMEDOUT') return undelivered('the mail server did not answer in time');
  if (response !== undefined) {
    const said = `the mail server answered ${wordsOf(response, notice, credentials)} to ${command ?? 'the message'}`;
    return undelivered(said, { permanent: isRefusalForEver(error) });
  }
  if (code === 'ETLS') return undelivered(`no encrypted connection to the mail server (${originalCode ?? code})`);
  return undelivered(`no mail was sent (${originalCode ?? code})`, { permanent: isRefusalForEver(error) });
};

const send = async (
  notice: OutgoingNotice,
  { url, from, caFile }: SmtpSettings,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Promise<Delivered> => {
  // loaded with the first mail: a console that sends none need not read it
  const { createTransport } = await import('nodemailer');
  const connection = await connectionTo(new URL(url), caFile);
  const transport = createTransport({
    ...connection,
    ...(credentials && { auth: credentials }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const { response } = await transport.sendMail(messageOf(notice, from, signal));
    return { ok: true, detail: wordsOf(response, notice, credentials) };
  } finally {
    transport.close();
  }
};

/** Mail by SMTP. The Message-ID is that of the notice, whatever the attempt. */
export const smtpChannel = (settings: SmtpSettings, { password, patienceMs = 60_000 }: SmtpOptions): Channel => ({
  name: 'email',
  deliver: async (notice, signal) => {
    if (!isMailAddress(notice.to)) return undelivered('this is no mail address', { permanent: true });
    let credentials: Credentials | undefined;
    try {
      credentials = await credentialsFor(new URL(settings.url), password);
      return await send(notice, settings, credentials, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
    } catch (error) {
      return explain(error as NodemailerError, notice, credentials);
    }
  },
});
