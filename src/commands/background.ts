import type { Config } from '../config.ts';
import { startTraffic } from '../demo/traffic.ts';
import { keepAnchoring } from './audit-anchor.ts';
import type { Log } from './debug-log.ts';
import type { Session } from '../kit/session.ts';
import type { Bank } from './open-session.ts';

/** What a console does beside its screen until the signal: it anchors the audit log, and in a demo bank one of them makes the traffic. */
export const keepBusy = async (
  { url, platformUrl }: Bank,
  session: Session,
  config: Config,
  signal: AbortSignal,
  log: Log,
): Promise<void> => {
  const isDemo = session.environment.demo && session.readOnly === undefined;
  if (isDemo && platformUrl === undefined) log.write('no traffic', { why: 'nobody named a login of bursar_platform' });
  await Promise.all([
    keepAnchoring(url, config, signal, trouble => log.write('anchoring failed', { trouble })),
    isDemo && platformUrl !== undefined
      ? startTraffic(platformUrl, { perSecond: config.traffic, signal, onError: error => log.write('traffic failed', { error }) })
      : undefined,
  ]);
};
