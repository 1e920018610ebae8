import { describe, expect, test } from 'vitest';
import { flowIds, flows, standingOf } from '../../src/domain/flow.ts';
import type { Standing, Trace } from '../../src/domain/flow-step.ts';
import { flowSteps } from '../../src/resources/flow-steps/index.ts';
import { actions, resources } from '../../src/resources/registry.ts';

const about: Standing = {
  id: 7n, name: 'ada', status: 'active', sessions: 2, address: '203.0.113.7', blocked: false, grant: 3n, developer: true,
}; // prettier-ignore
const locked: Trace = { at: new Date(0), by: 'omar', action: 'users.lock', verb: 'update', entity: 'user', entityId: '7', label: 'ada' };

describe.each(flows.map(flow => [flow.id, flow] as const))('the walkthrough %s', (id, flow) => {
  test('has steps that differ, lead to panes that exist, and whose keys and commands do what they say', () => {
    expect(flowIds).toContain(id);
    const ids = flow.steps.map(step => step.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const step of flow.steps) {
      expect(step.id).toMatch(/^[a-z-]{3,40}$/);
      const look = step.look?.(about);
      expect([undefined, ...resources.map(pane => pane.id)]).toContain(look?.resource);
      for (const { key, action, verb } of step.acts ?? []) {
        expect(flowSteps.actions[key]?.action, `${step.id}: x ${key}`).toBe(action);
        expect(actions.map(known => known.id)).toContain(action);
        expect(verb).toBe(action.replace('.', ' ').replace(/^runbooks /, 'runs '));
      }
      // every step can be worked on: somewhere to look, or something to do
      expect([look, step.acts].some(part => part !== undefined)).toBe(true);
    }
  });
});

test('a step is done by what was done, noted by what was found, and is so where nothing is left to do', () => {
  const [keepOut, address] = ['keep-out', 'address'].map(id => flows[0]?.steps.find(step => step.id === id));
  if (!keepOut || !address) throw new Error('the steps are called otherwise');
  const note = { step: 'keep-out', note: 'they are dead', by: 'ravi', at: new Date(1) };
  expect(standingOf(keepOut, about, [], [])).toMatchObject({ state: 'to do', by: null });
  expect(standingOf(keepOut, about, [locked], [note])).toMatchObject({ state: 'done', by: 'omar', why: 'users.lock ada' });
  expect(standingOf(keepOut, about, [], [note])).toMatchObject({ state: 'noted', by: 'ravi', why: 'they are dead' });
  expect(standingOf(keepOut, { ...about, status: 'locked' }, [], [])).toMatchObject({ state: 'is so', why: 'the user is locked' });
  expect(standingOf(address, { ...about, blocked: true }, [], [])).toMatchObject({ state: 'is so', why: '203.0.113.7 is blocked' });
  expect(standingOf(address, about, [locked], [])).toMatchObject({ state: 'to do' });
});
