import { expect } from 'vitest';
import type { Ran } from './upkept-host.ts';

/** `title: status` of each step. */
export const statuses = ({ steps }: Ran): readonly string[] => steps.map(({ title, status }) => `${String(title)}: ${String(status)}`);

/** Expects that every step did what it should. */
export const expectSuccess = (ran: Ran): void => {
  expect(statuses(ran).filter(line => !line.endsWith(': succeeded'))).toEqual([]);
  expect(ran.code).toBe(0);
};

/** What the step with this title said. */
export const said = ({ steps }: Ran, title: string): string => String(steps.find(step => step['title'] === title)?.['tail']);

export const onApp = ['--hosts', 'app1'] as const;
