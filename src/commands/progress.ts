/** Progress for a person, who wants to know each step and every tenth of a long one, not every percent. */
export const tellSteps = (say: (line: string) => void): ((line: string) => void) => {
  let last = '';
  return line => {
    const told = line.replace(/(\d+) %/, (_, percent: string) => `${Math.floor(Number(percent) / 10) * 10} %`);
    if (told !== last) say(told);
    last = told;
  };
};

/** Progress for a listener that comes later: it hears the newest step first. */
export const progressOf = () => {
  let last = '';
  let listener: (text: string) => void = () => undefined;
  return {
    tell: (text: string): void => listener((last = text)),
    listen: (hear: (text: string) => void): void => {
      listener = hear;
      if (last !== '') hear(last);
    },
  };
};
