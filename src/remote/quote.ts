/** Words that mean the same to every shell without quotes. */
const plain = /^[A-Za-z0-9_@%+=:,./-]+$/;

/** One word for a POSIX shell (XCU 2.2.2): within single quotes nothing has a meaning, and a single quote stands outside of them. */
const quoted = (word: string): string => {
  if (word.includes('\0')) throw new Error('a word for a shell holds no NUL');
  return plain.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
};

/** A command line that gives exactly these words to a program: the one place where words meet a shell. */
export const commandLine = (words: readonly [program: string, ...rest: string[]]): string => {
  if (words[0].startsWith('-') || words[0] === '' || words[0].includes('=')) throw new Error(`${JSON.stringify(words[0])} is no program`);
  return words.map(quoted).join(' ');
};
