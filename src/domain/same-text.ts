import { timingSafeEqual } from 'node:crypto';

/** Whether a text is the right one to its last octet, in a time that tells nothing of where they differ. Seals are compared so, since as octets `AB` in hexadecimal is `ab`, and what follows is dropped. */
export const isSameText = (given: string, right: string): boolean => {
  const [one, other] = [Buffer.from(given), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
};
