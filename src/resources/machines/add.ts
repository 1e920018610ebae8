import { z } from 'zod';
import { KeyDays, KeyFingerprint, MachineName, MachineNetworks, machinePrefix, MachinePlace } from '../../domain/machine.ts';
import { Note } from '../../domain/note.ts';
import { conflict } from '../../domain/outcome.ts';
import { defineAction } from '../../kit/define-action.ts';
import { addMachine, isMachineNameTaken } from './queries.ts';
import { keyLines, newKey } from './target.ts';

/** The key was made on the machine and stays there: two people approve its fingerprint. */
export const addMachineAction = defineAction({
  id: 'machines.add',
  title: 'Add machine',
  past: 'added',
  permission: 'machine.add',
  eyes: 2,
  checker: 'access.decide',
  code: true,
  danger: 'typed',
  verb: 'create',
  entity: 'machine',
  input: z.object({
    name: MachineName,
    place: MachinePlace,
    fingerprint: KeyFingerprint,
    from: MachineNetworks,
    days: KeyDays,
    note: Note,
  }),

  gather: async ({ name, fingerprint, days }, context) =>
    (await isMachineNameTaken(context.db, name))
      ? conflict(`the name ${name} is taken`, 'names are never given twice: take another')
      : newKey(fingerprint, days, context),
  target: (_days, { name }) => ({ id: name, label: name, version: 0 }),

  preview: (days, { name, place, fingerprint, from }) => [
    `${machinePrefix}${name} works while nobody has signed in: ${place}`,
    ...keyLines(fingerprint, days),
    from.length === 0 ? 'from any address that reaches the database' : `only from ${from.join(', ')}`,
    'it executes what is due, planned and queued, and runs the rules; it asks for nothing and approves nothing',
  ],

  execute: async (_days, { name, place, fingerprint, from, days }, { db }) => {
    const id = await addMachine(db, { name, place, networks: from, fingerprint, days });
    return {
      summary: `added ${name}`,
      target: { id: String(id), label: name, version: 0 },
      new: { name, place, fingerprint, from: from.join(', ') || 'anywhere', ...(days === undefined ? {} : { days }) },
    };
  },

  waysBack: (_days, { note }, { target }) =>
    target ? [{ action: 'machines.revoke', input: { id: target.id, note: `added in error: ${note}`.slice(0, 2_000) } }] : [],
});
