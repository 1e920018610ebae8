/** How grave an event of the platform is, the least first. */
export const eventLevels = ['debug', 'info', 'warning', 'error', 'critical'] as const;
export type EventLevel = (typeof eventLevels)[number];
