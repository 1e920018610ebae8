import { z } from 'zod';
import { KeyDays, KeyFingerprint } from '../../domain/machine.ts';
import { Note } from '../../domain/note.ts';
import { done } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { rotateMachine } from './queries.ts';
import { keyLines, MachineId, machineFor, machineTarget, newKey } from './target.ts';

export const rotateMachineAction = defineAction({
  id: 'machines.rotate',
  title: 'Rotate key',
  past: 'rotated the key of',
  permission: 'machine.add',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'update',
  entity: 'machine',
  irreversible: 'the old key never signs in again',
  input: z.object({ id: MachineId, fingerprint: KeyFingerprint, days: KeyDays, note: Note }),

  gather: async ({ id, fingerprint, days }, context) => {
    const found = await machineFor(id, context);
    if (!found.ok) return found;
    const key = await newKey(fingerprint, days, context);
    return key.ok ? done({ machine: found.value, days: key.value }) : key;
  },
  target: ({ machine }) => machineTarget(machine),

  preview: ({ machine, days }, { fingerprint }) => [
    `${machine.name} works with another key from approval on`,
    ...keyLines(fingerprint, days),
    `the key ${machine.fingerprint ?? '-'} and its sessions end at once; the machine signs in with the new one by itself`,
  ],

  execute: async ({ machine }, { fingerprint, days }, { db }) => {
    const until = await rotateMachine(db, machine, { fingerprint, days });
    return {
      summary: `rotated the key of ${machine.name}`,
      old: { fingerprint: machine.fingerprint },
      new: { fingerprint, until: until.toISOString() },
    };
  },
});
