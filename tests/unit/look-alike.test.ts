import { expect, test } from 'vitest';
import { hasLookAlike, markLookAlike } from '../../src/domain/look-alike.ts';

test('names of one alphabet are left alone, whichever it is', () => {
  for (const name of ['Acme Ltd', 'Łucja Żak', 'Жанна Петрова', 'Γιώργος', '王 小明', 'Özgür', 'Nguyễn', 'Анна Anna', 'लक्ष्मी']) {
    expect([name, hasLookAlike(name)]).toEqual([name, false]);
  }
});

test('letters of two alphabets in one word are marked', () => {
  expect(markLookAlike('\u0410cme Ltd')).toBe('?\u0410cme Ltd');
  expect(markLookAlike('p\u0430ypal')).toBe('?p\u0430ypal');
  expect(markLookAlike('Micr\u03bfsoft')).toBe('?Micr\u03bfsoft');
});

test('a word that is Cyrillic and reads as Latin is marked', () => {
  expect(hasLookAlike('\u0421\u043e\u0441\u0430 Ltd')).toBe(true);
});
