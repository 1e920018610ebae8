import { open } from 'node:fs/promises';
import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { readCaseReport } from '../database/case-reports.ts';
import { CaseReport, caseReportMarkdown } from '../domain/case-report.ts';
import { conflict, done, forbidden, invalid, notFound, type Outcome } from '../domain/outcome.ts';
import { safe } from '../domain/safe-text.ts';
import { cases } from '../resources/cases/index.ts';
import type { Command, CommandContext } from './command.ts';
import { oneNumber } from './one-number.ts';
import { sha256 } from './sealed-files.ts';
import { withDatabase } from './with-database.ts';

/** Which records a report holds: that of a case and those of a customer. */
const needed = [cases.permission, 'account.read', 'transaction.read'] as const;

/** Gathers the report and records that it leaves the console, before it does. */
const exportReport = (id: bigint, context: CommandContext): Promise<Outcome<string>> =>
  context.withSession(async session => {
    const lacked = needed.find(permission => !session.operator.permissions.has(permission));
    if (lacked !== undefined)
      return forbidden(`the report of a case needs the permission ${lacked}`, 'ask an administrator for a role that has it');
    const gathered = await withDatabase(context, { name: 'cases report', readOnly: true }, connection => readCaseReport(connection, id));
    if (gathered === undefined) return notFound(`there is no case ${id}`);
    const report = CaseReport.parse(gathered);
    const text = caseReportMarkdown(report, { operator: session.operator.name, at: session.now() });
    const hash = sha256(text);
    await session.recordExport(cases, `report of case ${id}, sha256 ${hash}`, report.transactions.length);
    return done(`${text}\nSHA-256 of all above this line: \`${hash}\`\n`);
  });

/** Writes where nothing is yet: personal data, for nobody else on the machine. */
const writeNew = async (file: string, text: string): Promise<Outcome<true>> => {
  try {
    await using target = await open(file, 'wx', 0o600);
    await target.writeFile(text);
    return done(true);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return conflict(`${safe(file, { max: 300 })} is there already and was left as it is`, 'name another file');
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
      return invalid(`nothing can be written to ${safe(file, { max: 300 })}`);
    throw error;
  }
};

/** `bursar cases report N`. */
export const casesReportCommand: Command = {
  name: 'cases report',
  summary: 'write the suspicious activity report of a case as Markdown, to standard output or to a file that nobody else may read',
  flags: [{ name: 'out', takes: 'FILE', help: 'a file that is not there yet; standard output unless said' }],
  run: async ({ words, flags }, context) => {
    const { streams } = context;
    const id = oneNumber(words, 'cases report takes the number of one case', 'cases');
    if (!id.ok) return refuse(streams, false, id);
    const report = await exportReport(id.value, context);
    if (!report.ok) return refuse(streams, false, report);
    const { out } = flags;
    if (out === undefined) await streams.write(report.value);
    else {
      const written = await writeNew(out, report.value);
      if (!written.ok) return refuse(streams, false, written);
      streams.say(`wrote ${safe(out, { max: 300 })}`);
    }
    return exitCode.done;
  },
};
