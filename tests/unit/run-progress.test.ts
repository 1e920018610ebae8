import { expect, test } from 'vitest';
import { logLines, runFraction, runSecondsLeft, saidFraction, wideBar, type StepTiming } from '../../src/domain/run-progress.ts';

const step = (changes: Partial<StepTiming>): StepTiming => ({ status: 'waiting', seconds: null, tail: '', usual: null, ...changes });

test('a work says how far it is at the beginning of a line', () => {
  expect(saidFraction('3 % begins\n34 % tables\n')).toBe(0.34);
  expect(saidFraction('12 % one\r57 % two')).toBe(0.57);
  expect(saidFraction('used 93% of the disk\nnothing')).toBeUndefined();
  expect(saidFraction('412 % of something')).toBe(1);
});

test('a run is as far as its steps are, each by its usual time where all are known', () => {
  const done = step({ status: 'succeeded', seconds: 10, usual: 10 });
  expect(runFraction([done, step({ usual: 90 })])).toBeCloseTo(0.1);
  expect(runFraction([done, step({})])).toBe(0.5);
  expect(runFraction([done, step({ status: 'running', seconds: 9, usual: 90, tail: '50 % half' })])).toBeCloseTo(0.55);
  // Later than ever before is not done
  expect(runFraction([step({ status: 'running', seconds: 500, usual: 10 })])).toBe(0.99);
  expect(runFraction([])).toBe(0);
});

test('what is left is told by its own words, by other days, or not at all', () => {
  expect(runSecondsLeft([step({ status: 'running', seconds: 30, tail: '25 % rows' }), step({ usual: 10 })])).toBe(100);
  expect(runSecondsLeft([step({ status: 'running', seconds: 4, usual: 20 })])).toBe(16);
  expect(runSecondsLeft([step({ status: 'running', seconds: 40, usual: 20 })])).toBe(0);
  expect(runSecondsLeft([step({})])).toBeUndefined();
  // a host that does not answer says nothing of how long it takes, and time makes it no further
  const silent = step({ status: 'unknown', seconds: 50, usual: 3 });
  expect([runSecondsLeft([silent]), runFraction([silent]), runFraction([{ ...silent, tail: '30 % rows' }])]).toEqual([undefined, 0, 0.3]);
  // Its own words for how much it has done, other days for the rest: what says little for long does not grow with every second
  const says = (seconds: number) => runSecondsLeft([step({ status: 'running', seconds, usual: 25, tail: '20 % the service is stopped' })]);
  expect([6, 12, 20].map(says)).toEqual([20, 20, 20]);
  expect(runSecondsLeft([step({ status: 'running', seconds: 30, usual: 25, tail: '75 % rights' })])).toBe(8);
});

test('a bar is full only at the end, and a carriage return writes over', () => {
  expect(wideBar(0.999, 10)).toBe('[#########.]  99 %');
  expect(wideBar(1, 10)).toBe('[##########] 100 %');
  expect(logLines('one\n10 %\r20 %\r\ntwo\n\n')).toEqual(['one', '20 %', 'two']);
});
