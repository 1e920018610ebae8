/** A database that somebody has to prepare first; the message says how. */
export class NotReady extends Error {
  override name = 'NotReady';
}
