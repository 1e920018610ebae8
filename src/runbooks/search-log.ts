import { z } from 'zod';
import type { Day } from '../domain/day.ts';
import { dayInLogs, levelPattern, LogFiles, logLevels, whyNotRead, type LogLevel } from '../domain/log-lines.ts';
import { Note } from '../domain/note.ts';
import { done, forbidden, invalid } from '../domain/outcome.ts';
import { wholeNumber } from '../domain/whole-number.ts';
import { defineRunbook } from '../kit/define-runbook.ts';
import { HostNames } from './hosts.ts';
import { ServiceName } from './services.ts';
import { looking, namesOf, upkeepOf, type Upkeep } from './upkeep.ts';

/** Lines that a search gives of each source at most; more help nobody. */
const mostLines = 2_000;

/** As journalctl calls the levels; what it has none for is looked for as a word. */
const priorities: Readonly<Partial<Record<LogLevel, string>>> = { WARNING: 'warning', ERROR: 'err', CRITICAL: 'crit' };

/**
 * The newest lines of each source that pass all filters. Sources are pairs of a kind and a name; every filter is an argument, and an empty one passes all. Nothing
 * found is an answer; a log that cannot be read is a failure.
 */
const script = String.raw`
last=$1 level=$2 priority=$3 words=$4 iso=$5 syslog=$6 access=$7 bad=0
shift 7
source() {
  if [ "$1" = file ]; then cat -- "$2"
  else journalctl --no-pager --quiet --output=short-iso --unit="$2" ${'$'}{priority:+"--priority=$priority"} ${'$'}{iso:+--since=today}; fi
}
by_level() { if [ -z "$level" ] || { [ "$1" = unit ] && [ -n "$priority" ]; }; then cat; else grep --text --ignore-case --word-regexp --extended-regexp -e "$level"; fi; }
by_words() { if [ -z "$words" ]; then cat; else grep --text --ignore-case --fixed-strings -e "$words"; fi; }
by_day() { if [ -z "$iso" ] || [ "$1" = unit ]; then cat; else grep --text --fixed-strings -e "$iso" -e "$syslog" -e "$access"; fi; }
while [ $# -gt 0 ]; do
  echo "== $2"
  if [ "$1" = file ] && [ ! -r "$2" ]; then echo "it cannot be read"; bad=2
  else
    found=$(source "$1" "$2" | by_level "$1" | by_words | by_day "$1" | cut -b 1-4000 | tail -n "$last")
    printf '%s\n' "${'$'}{found:-nothing was found}"
  fi
  shift 2
done
exit "$bad"
`;

type Input = {
  readonly file?: readonly string[] | undefined;
  readonly unit?: string | undefined;
  readonly level?: LogLevel | undefined;
  readonly words?: string | undefined;
  readonly today: boolean;
  readonly last: number;
};
type Facts = Upkeep & { readonly day: Day };

const sourcesOf = ({ file = [], unit }: Input): readonly string[] => [...file, ...(unit === undefined ? [] : [`the journal of ${unit}`])];

const filtersOf = ({ level, words, today }: Input): string =>
  [level === undefined ? '' : `level ${level}`, words === undefined ? '' : `"${words}", as it stands and not as a pattern`, today ? 'of today' : '']
    .filter(filter => filter !== '')
    .join(', '); // prettier-ignore

/** Looks for a level, for words, or for today in the logs of hosts: files and what services said to the journal. */
export const searchLog = defineRunbook({
  ...looking,
  id: 'search-log',
  title: 'Search log',
  past: 'searched',
  version: '2',
  input: z.object({
    hosts: HostNames,
    file: LogFiles.optional().meta({ title: 'Logs, by their whole path' }),
    unit: ServiceName.optional().meta({ title: 'Service, in the journal' }),
    words: z.string().min(1, 'are missing').max(200, 'are at most 200 characters').optional().meta({ title: 'Words' }),
    level: z.enum(logLevels).optional().meta({ title: 'Level' }),
    today: z.boolean().default(false).meta({ title: 'Only of today' }),
    last: wholeNumber(1, mostLines, 'number of lines').default(mostLines).meta({ title: 'Newest lines, at most' }),
    note: Note,
  }),

  gather: async (input, context) => {
    const { hosts, file, unit, words, level, today } = input;
    if (file === undefined && unit === undefined) return invalid('name a log or a service');
    if (words === undefined && level === undefined && !today && unit === undefined) return invalid('name words, a level, or only today');
    const objection = whyNotRead(file ?? [], context.platform.logs);
    if (objection !== undefined) return forbidden(objection);
    const upkeep = await upkeepOf(hosts, context);
    return upkeep.ok ? done({ ...upkeep.value, day: context.today }) : upkeep;
  },
  target: (facts: Facts) => namesOf(facts),
  preview: (facts, input) => [
    `${sourcesOf(input).join(', ')} on ${namesOf(facts)}: ${filtersOf(input) || 'all'}; the newest ${input.last} lines of each at most`,
    'what is found is kept with the run',
  ],
  steps: ({ hosts, day }, { file = [], unit, level, words = '', today, last }) => {
    const filters = [
      String(last),
      level === undefined ? '' : levelPattern(level),
      level === undefined ? '' : (priorities[level] ?? ''),
      words,
      ...(today ? dayInLogs(day) : ['', '', '']),
    ];
    const sources = [...file.flatMap(name => ['file', name]), ...(unit === undefined ? [] : ['unit', unit])];
    return hosts.map(({ name: host }) => ({
      title: 'search',
      host,
      words: ['sh', '-c', script, 'sh', ...filters, ...sources] as const,
      timeoutSeconds: 300,
    }));
  },
});
