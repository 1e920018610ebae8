import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { actionFlags, inputFlags, readSecrets } from '../../src/cli/action-flags.ts';
import { parseArguments, type Flag } from '../../src/cli/arguments.ts';
import { readGlobalFlags } from '../../src/cli/global-flags.ts';
import { globalFlags, helpFor, verbsOf } from '../../src/cli/help.ts';
import type { Streams } from '../../src/cli/streams.ts';
import type { AnyAction } from '../../src/kit/define-action.ts';
import { commands } from '../../src/commands/registry.ts';
import { nearest } from '../../src/domain/nearest.ts';
import { actions, resources } from '../../src/resources/registry.ts';

const flags: readonly Flag[] = [
  { name: 'sort', takes: 'FIELD', help: '' },
  { name: 'note', takes: 'TEXT', help: '' },
  { name: 'notify', help: '' },
  { name: 'dry-run', help: '' },
  { name: 'password', help: '', secret: 'BURSAR_PASSWORD' },
];
const parse = (...args: string[]) => parseArguments(args, flags);

describe('arguments', () => {
  test.each([
    [['a', '--sort', '-opened', 'b'], { words: ['a', 'b'], flags: { sort: '-opened' } }],
    [['--sort=-opened'], { words: [], flags: { sort: '-opened' } }],
    [['--notify', 'a'], { words: ['a'], flags: { notify: 'yes' } }],
    [['--no-notify'], { words: [], flags: { notify: 'no' } }],
    [['--notify=no'], { words: [], flags: { notify: 'no' } }],
    [['--note', ''], { words: [], flags: { note: '' } }],
    [['--note', '-5 is what it said'], { words: [], flags: { note: '-5 is what it said' } }],
    [['--', '--sort', 'x'], { words: ['--sort', 'x'], flags: {} }],
  ])('%j', (args, value) => {
    expect(parse(...args)).toEqual({ ok: true, value });
  });

  test.each([
    [['--srt', 'x'], 'there is no flag --srt here', 'did you mean --sort?'],
    [['--frobnicate'], 'there is no flag --frobnicate here', 'see --help'],
    [['-s'], 'there is no flag -s here', 'see --help'],
    [['--no-note'], 'there is no flag --no-note here', 'see --help'],
    [['--sort'], '--sort needs a value', 'write --sort FIELD'],
    [['--note', '--dry-run'], '--note needs a value', 'write --note TEXT'],
    [['--sort', 'a', '--sort', 'b'], '--sort is given twice', undefined],
    [['--notify=perhaps'], '--notify takes no value', 'write --notify or --no-notify'],
    [
      ['--password', 'hunter2'],
      '--password is a secret and everybody can read arguments',
      'set BURSAR_PASSWORD, or leave it out and be asked',
    ],
    [
      ['--password=hunter2'],
      '--password is a secret and everybody can read arguments',
      'set BURSAR_PASSWORD, or leave it out and be asked',
    ],
    [['--\u001b[31m'], 'there is no flag --␛[31m here', 'see --help'],
  ])('%j is refused', (args, message, next) => {
    const parsed = parse(...args);
    expect(parsed).toMatchObject({ ok: false, refusal: { kind: 'invalid', message, ...(next === undefined ? {} : { next }) } });
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });

  test('what concerns the whole program may stand anywhere', () => {
    expect(readGlobalFlags(['accounts', '--read-only', 'list', '--debug-log', 'f'])).toMatchObject({
      ok: true,
      value: { readOnly: true, debugLog: 'f', rest: ['accounts', 'list'] },
    });
    expect(readGlobalFlags(['--debug-log=f', '--help'])).toMatchObject({ ok: true, value: { debugLog: 'f', help: true, rest: [] } });
    expect(readGlobalFlags(['--debug-log', '--json'])).toMatchObject({ ok: false, refusal: { next: 'write --debug-log FILE' } });
    expect(readGlobalFlags(['x', '--', '--help'])).toMatchObject({ ok: true, value: { help: false, rest: ['x', '--', '--help'] } });
  });
});

describe('the definitions', () => {
  test.each(actions.map(action => [action.id, action] as const))('%s: no two of its flags have one name', (_, action) => {
    const names = [...inputFlags(action), ...actionFlags(action), ...globalFlags].map(flag => flag.name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('every action is a verb of a resource, and no verb hides list, show or a command but what stands in for it at a terminal', () => {
    const all = resources.flatMap(resource => [...verbsOf({ resources, actions }, resource)].map(verb => [resource.id, ...verb] as const));
    const reached = new Set(all.map(([, , { id }]) => id));
    expect(actions.filter(({ id }) => !reached.has(id)).map(({ id }) => id)).toEqual([]);
    const verbs = all.map(([resource, verb]) => `${resource} ${verb}`);
    expect(new Set(verbs).size).toBe(verbs.length);
    const hides = (verb: string): boolean => commands.some(({ name, applies }) => name === verb && applies === undefined);
    expect(verbs.filter(verb => / (list|show)$/.test(verb) || hides(verb))).toEqual(['operators found', 'operators recover', 'hosts add']);
  });

  test('help knows every resource, verb, flag and command', () => {
    const help = (...words: string[]): string => {
      const found = helpFor({ registry: { resources, actions }, commands }, words);
      if (!found.ok) throw new Error(found.refusal.message);
      return found.value;
    };
    const lines = help()
      .split('\n')
      .map(line => line.trim().replaceAll(/ {2,}/g, '  '));
    const told = ({ name, summary }: (typeof commands)[number]) => lines.some(line => line === `${name}  ${summary}`);
    expect(commands.filter(command => !command.unlisted && !told(command)).map(({ name }) => name)).toEqual([]);
    for (const resource of resources) {
      expect(help()).toContain(resource.id);
      for (const [verb, action] of verbsOf({ resources, actions }, resource)) {
        expect(help(resource.id)).toContain(verb);
        for (const flag of inputFlags(action)) expect(help(resource.id, verb)).toContain(flag.secret ?? `--${flag.name}`);
      }
    }
    expect(help('accounts', 'freeze')).toMatchSnapshot();
  });
});

describe('a secret that an action needs', () => {
  const action = {
    ...actions[0],
    input: z.object({ code: z.string().meta({ kind: 'secret', title: 'Code' }), newCode: z.string().optional().meta({ kind: 'secret' }) }),
  } as AnyAction;
  const streams = (environment: NodeJS.ProcessEnv, ask?: Streams['ask']): Streams => ({
    write: async () => {},
    say: () => {},
    columns: undefined,
    environment,
    ...(ask ? { ask } : {}),
  });

  test('comes from its variable, before anybody is asked', async () => {
    const asked = vi.fn<NonNullable<Streams['ask']>>();
    expect(await readSecrets(action, streams({ BURSAR_CODE: '123456', BURSAR_NEW_CODE: '654321' }, asked))).toEqual({
      ok: true,
      value: { code: '123456', newCode: '654321' },
    });
    expect(asked).not.toHaveBeenCalled();
  });

  test('is asked for without being shown; what may be left out is not asked for', async () => {
    const asked = vi.fn<NonNullable<Streams['ask']>>(async () => '123456');
    expect(await readSecrets(action, streams({}, asked))).toEqual({ ok: true, value: { code: '123456' } });
    expect(asked.mock.calls).toEqual([['Code: ', { hidden: true }]]);
  });

  test('without either it is refused with what to set', async () => {
    expect(await readSecrets(action, streams({}))).toMatchObject({
      ok: false,
      refusal: { kind: 'invalid', message: 'Code is missing', next: expect.stringContaining('BURSAR_CODE') as string },
    });
  });
});

test.each([
  ['acounts', 'accounts'],
  ['ACCOUNT', 'accounts'],
  ['lsit', 'list'],
  ['fereze', 'freeze'],
  ['zebra', undefined],
  ['x'.repeat(1_000_000), undefined],
])('%.20s was meant as %s', (word, meant) => {
  expect(nearest(word, ['accounts', 'list', 'show', 'freeze'])).toBe(meant);
});
