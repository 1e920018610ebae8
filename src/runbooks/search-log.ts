import { z } from 'zod';
import { Note } from '../domain/note.ts';
import { defineRunbook } from '../kit/define-runbook.ts';
import { HostNames, hostsNamed } from './hosts.ts';

/** Lines that a search gives at most; more help nobody. */
const mostLines = 2_000;

/** Looks for words in the logs of hosts. The words are an argument of grep and nothing else; only files under /var/log are read. */
export const searchLog = defineRunbook({
  id: 'search-log',
  title: 'Search log',
  past: 'searched',
  version: '1',
  permission: 'run.start',
  danger: 'plain',
  eyes: 1,
  dangerous: false,
  whenAborted: 'nothing: it only reads',
  input: z.object({
    hosts: HostNames,
    file: z
      .string()
      .trim()
      .regex(/^\/var\/log\/(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$/, 'is a file under /var/log')
      .meta({ title: 'File under /var/log' }),
    words: z.string().min(1, 'are missing').max(200, 'are at most 200 characters').meta({ title: 'Words' }),
    note: Note,
  }),
  gather: ({ hosts }, context) => hostsNamed(hosts, context),
  target: hosts => hosts.map(({ name }) => name).join(', '),
  preview: (hosts, { file, words }) => [
    `${file} on ${hosts.map(({ name }) => name).join(', ')} is searched for "${words}", as it stands and not as a pattern; at most ${mostLines} lines`,
    'what is found is kept with the run',
  ],
  steps: (hosts, { file, words }) =>
    hosts.map(({ name: host }) => ({
      title: 'search',
      host,
      words: ['grep', '--fixed-strings', '--ignore-case', `--max-count=${mostLines}`, '--', words, file],
      timeoutSeconds: 120,
    })),
});
