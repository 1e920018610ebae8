import { ZxcvbnFactory, type ZxcvbnResult } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

// A file of its own, with imports that stand at its top: it is loaded when a password is set and not before, and the bundler finds
// the names that a CommonJS package exports only for imports like these.

/** How early guessing programs come upon a text, which know the common passwords, the layout of keyboards and what is `known` besides. */
export const guessesOf = (texts: readonly string[], known: readonly string[]): ZxcvbnResult[] => {
  const estimator = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return texts.map(text => estimator.check(text, [...known]));
};
