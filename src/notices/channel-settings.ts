import type { NoticeChannel } from '../domain/notice.ts';
import type { NoticeSettings } from '../domain/notice-settings.ts';
import type { Channel, Channels } from './channel.ts';
import { commandChannel } from './channels/command.ts';
import { smtpChannel } from './channels/smtp.ts';
import { webhookChannel } from './channels/webhook.ts';
import type { SecretSource } from './secret-source.ts';

const source = (file: string | undefined, variable: string, environment: NodeJS.ProcessEnv): SecretSource => ({
  file,
  variable,
  fromEnvironment: environment[variable],
});

/** The channels that are set up; none is in a demo. Secrets are read at each delivery, from their files or the environment. */
export const channelsFrom = ({ smtp, webhook, command }: NoticeSettings, environment: NodeJS.ProcessEnv): Channels => {
  const channels: readonly (Channel | undefined)[] = [
    smtp && smtpChannel(smtp, { password: source(smtp.passwordFile, 'BURSAR_SMTP_PASSWORD', environment) }),
    webhook && webhookChannel(webhook, { secret: source(webhook.secretFile, 'BURSAR_WEBHOOK_SECRET', environment) }),
    command && commandChannel(command, { environment }),
  ];
  return new Map<NoticeChannel, Channel>(channels.flatMap(channel => (channel ? [[channel.name, channel]] : [])));
};
