import type { Reading } from '../../src/domain/health.ts';

/** A minute passes for whoever measures. */
export const aMinuteLater = `UPDATE ops.health_watch SET looked_at = looked_at - interval '61 seconds'`;

/** A measuring of a disk of a host that is as good as full. */
export const fullDisk = (subject: string): Reading => ({ measure: 'host-disk', subject, value: 95, words: 'used by the bank' });
