import type { Config } from '../config.ts';
import { startTraffic } from '../demo/traffic.ts';
import { keepAnchoring } from './audit-anchor.ts';
import type { Log } from './debug-log.ts';
import type { Session } from '../kit/session.ts';
import type { Bank } from './open-session.ts';

/** What a console does beside its screen until the signal: it anchors the audit log, and in a demo bank one of them makes the traffic. */
export const keepBusy = async ({ url }: Bank, session: Session, config: Config, signal: AbortSignal, log: Log): Promise<void> => {
  const isDemo = session.environment.demo && session.readOnly === undefined;
  await Promise.all([
    keepAnchoring(url, config, signal, trouble => log.write('anchoring failed', { trouble })),
    isDemo ? startTraffic(url, { perSecond: config.traffic, signal, onError: error => log.write('traffic failed', { error }) }) : undefined,
  ]);
};
