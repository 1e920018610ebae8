const ascii = /^[\0-\x7F]*$/;
const words = /[\p{L}\p{M}]+/gu;

/** Alphabets whose letters can be told apart from one another only by whoever typed them. */
const alphabets = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u, /\p{Script=Cherokee}/u];

/** Words of these letters alone read as Latin ones (Unicode's confusables, those drawn the same in common fonts). */
const readsAsLatin = /^[АВЕЅІЈКМНОРСТУХасеорхуіјѕһԁԛԝӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧοϲ]+$/u;

const isLookAlike = (word: string): boolean => readsAsLatin.test(word) || alphabets.filter(alphabet => alphabet.test(word)).length > 1;

/** Whether a text has a word that can be mistaken for another: letters of two alphabets, or letters of one that read as another's. */
export const hasLookAlike = (text: string): boolean => !ascii.test(text) && (text.match(words) ?? []).some(isLookAlike);

/** The text, with a question mark before it where it can be mistaken for another. */
export const markLookAlike = (text: string): string => (hasLookAlike(text) ? `?${text}` : text);
