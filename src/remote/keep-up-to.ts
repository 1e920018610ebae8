type Kept = { readonly octets: () => Buffer; readonly isCut: () => boolean; readonly take: (piece: Buffer) => void };

/** Keeps the beginning of what comes, up to so many octets. */
export const keepUpTo = (most: number): Kept => {
  const pieces: Buffer[] = [];
  let [held, cut] = [0, false];
  return {
    take: piece => {
      const room = most - held;
      if (piece.length > room) cut = true;
      if (room > 0) pieces.push(piece.subarray(0, room));
      held += Math.min(room, piece.length);
    },
    octets: () => Buffer.concat(pieces),
    isCut: () => cut,
  };
};
