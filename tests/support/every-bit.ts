/** Octets with each single bit of them turned, then with something added behind and before them. */
export function* everyOther(octets: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < octets.length * 8; bit++) {
    const wrong = Buffer.from(octets);
    wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield wrong;
  }
  yield Buffer.concat([octets, Buffer.from('{}\n')]);
  yield Buffer.concat([Buffer.from(' '), octets]);
}
