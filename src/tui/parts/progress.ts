/** `[#####.....]`; full only when all is done. */
export const progressBar = (done: number, total: number, width: number): string => {
  const filled = total <= 0 ? 0 : Math.min(done < total ? width - 1 : width, Math.floor((done / total) * width));
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}]`;
};

/** A length of time in milliseconds as people say it: `0:09`, `12:40`, `2 h 05`. */
export const span = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
  return `${Math.floor(seconds / 3_600)} h ${two(Math.floor((seconds % 3_600) / 60))}`;
};
