import type { Direct } from '../database/direct.ts';
import { probeOutbox } from '../database/probe.ts';
import { formatInstant } from '../domain/day.ts';
import type { NoticeSettings } from '../domain/notice-settings.ts';
import { ok, warn, type Check } from './check.ts';

/** A notice that was not even tried for so long has nobody who delivers, in milliseconds. */
const longest = 3_600_000;

const channelsOf = (settings: NoticeSettings): string =>
  ['smtp', 'webhook', 'command'].filter(name => name in settings).join(', ') || 'no channel';

/** Whether what people are to be told leaves. */
export const checkNotices = async (connection: Direct, settings: NoticeSettings): Promise<readonly Check[]> => {
  const { demo, waiting, dueSince, dead } = await probeOutbox(connection);
  if (demo) return [ok('notices', 'a demo sends none')];
  const set = `${channelsOf(settings)} set up here, ${waiting} waiting`;
  const waits = dueSince !== null && Date.now() - dueSince.getTime() > longest;
  return [
    Object.keys(settings).length === 0 && waiting > 0
      ? warn('notices', set, 'add the section notices to config.json, or let a console that has it send them')
      : waits
        ? warn('notices', `${set}, due since ${formatInstant(dueSince)} UTC`, 'leave a console open, or run "bursar notices send"')
        : ok('notices', set),
    ...(dead > 0 ? [warn('notices', `${dead} given up in the last 7 days`, 'look at them: bursar notices list --filter status=dead')] : []),
  ];
};
