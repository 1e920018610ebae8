/** A time zone where it is about noon, of the same day as by UTC: no day of a bank ends, and no night begins, while a test counts on it. */
export const zoneAtNoon = (): string => {
  const ahead = 12 - new Date().getUTCHours();
  // the names count westward
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
};
