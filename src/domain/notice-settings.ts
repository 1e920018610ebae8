import { z } from 'zod';

/** Whether a host name can only be this machine: what is sent there crosses no wire. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);

const parsed = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);

const isSmtpUrl = (text: string): boolean => {
  const url = parsed(text);
  return (
    url !== undefined && /^smtps?:$/.test(url.protocol) && url.hostname !== '' && /^\/?$/.test(url.pathname) && !url.search && !url.hash
  );
};

const isWebhookUrl = (text: string): boolean => {
  const url = parsed(text);
  if (!url || url.username || url.password) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
};

/** One address and nothing else: no list, no name, no header behind a line end. */
export const isMailAddress = (text: string): boolean =>
  text.length <= 254 && /^[^\s\p{C}<>()[\]\\,;:"@]{1,64}@[^\s\p{C}<>()[\]\\,;:"@]+$/u.test(text);

const AbsolutePath = z.string().regex(/^\/[^\0]*$/, 'is no whole path: begin with /');

/** The section `notices` of the configuration file. Secrets stand in files of their own, mode 600, or in the environment. */
export const NoticeSettings = z.strictObject({
  smtp: z
    .strictObject({
      url: z
        .string()
        .refine(isSmtpUrl, 'write smtps://user@mail.example:465, or smtp://user@mail.example:587 for STARTTLS')
        .refine(
          text => !parsed(text)?.password,
          'must not hold the password: put it into a file of mode 600 and name that as passwordFile',
        ),
      from: z.string().refine(isMailAddress, 'write one address, such as bank@mail.example'),
      passwordFile: AbsolutePath.optional(),
      /** Certificates, PEM, to trust besides the usual ones: for a mail server with an authority of its own. */
      caFile: AbsolutePath.optional(),
    })
    .optional(),
  webhook: z
    .strictObject({
      url: z.string().refine(isWebhookUrl, 'write an https address without a user; http only to this machine'),
      secretFile: AbsolutePath.optional(),
    })
    .optional(),
  command: z.strictObject({ program: AbsolutePath, args: z.array(z.string()).default([]) }).optional(),
});
export type NoticeSettings = z.infer<typeof NoticeSettings>;
