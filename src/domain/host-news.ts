/** What became of a log since it was read last. */
export const logStates = ['read', 'rotated', 'truncated', 'replaced', 'absent', 'unreadable'] as const;
export type LogState = (typeof logStates)[number];

/** Each state in words, behind the name of a log. Whatever begins anew was read to its end before, where that was still possible. */
export const logStateWords: Readonly<Record<LogState, string>> = {
  read: 'is read',
  rotated: 'was rotated; it goes on from its beginning',
  truncated: 'was truncated; it goes on from its beginning',
  replaced: 'is another file now; what was not read of the one before is missing',
  absent: 'is not there',
  unreadable: 'is no file that can be read there',
};

/** What happens to a host whose logs are read. */
export type HostNews =
  /** It lets us in; `again` where it had been lost. */
  | { readonly kind: 'reached'; readonly again: boolean }
  /** It is looked for again after so many milliseconds. */
  | { readonly kind: 'lost'; readonly why: string; readonly waitMs: number }
  /** It is not looked for again. */
  | { readonly kind: 'given-up'; readonly why: string }
  | { readonly kind: 'file'; readonly file: string; readonly state: LogState };

/** News in a line, behind the name of the host; undefined for what need not be told. */
export const newsWords = (news: HostNews): string | undefined => {
  switch (news.kind) {
    case 'reached':
      return news.again ? 'it is there again' : undefined;
    case 'lost':
      return `${news.why}; it is looked for again`;
    case 'given-up':
      return news.why;
    case 'file':
      return news.state === 'read' ? undefined : `${news.file} ${logStateWords[news.state]}`;
  }
};
