/** Seconds as people count them: `45 s`, `3 min 5 s`, `2 h 5 min`. */
export const lasting = (seconds: number | null): string => {
  if (seconds === null) return '-';
  if (seconds >= 3_600) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return seconds < 60 ? `${Math.round(seconds * 10) / 10} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
};
