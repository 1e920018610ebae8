import { refuse } from '../cli/answer.ts';
import { exitCode } from '../cli/exit-code.ts';
import { MachineName } from '../domain/machine.ts';
import { invalid } from '../domain/outcome.ts';
import { toJson } from '../kit/export.ts';
import { addressOf } from './anchors.ts';
import type { Command } from './command.ts';
import { enrolMachine } from './machine-key.ts';

/** `bursar machines enrol NAME`: makes the key of a machine where it will be used, and shows what people approve of it. Opens no database. */
export const machinesEnrolCommand: Command = {
  name: 'machines enrol',
  summary: 'NAME: make a key for this machine, which stays here, and show its fingerprint for "machines add" or "machines rotate"',
  flags: [{ name: 'json', help: 'one JSON document' }],
  run: async ({ words: [name, ...rest], flags }, { config, streams }) => {
    const json = flags['json'] === 'yes';
    if (name === undefined || rest.length > 0)
      return refuse(streams, json, invalid('this takes the name of one machine', 'write bursar machines enrol NAME'));
    const typed = MachineName.safeParse(name);
    if (!typed.success) return refuse(streams, json, invalid(`the name ${typed.error.issues[0]?.message ?? 'is none of a machine'}`));
    const enrolled = await enrolMachine(config.home, addressOf(config), typed.data);
    if (!enrolled.ok) return refuse(streams, json, enrolled);
    const { file, fingerprint, waits } = enrolled.value;
    if (json) {
      await streams.write(`${toJson({ ok: true, name: typed.data, fingerprint, file, waits }, 2)}\n`);
      return exitCode.done;
    }
    streams.say(
      `the key is in ${file}, readable by this account alone; ${waits ? 'the one before stays in use until this one is approved' : 'nobody else has it'}`,
    );
    const action = waits ? `rotate ${typed.data}` : `add --name ${typed.data} --place "which host, what for"`;
    streams.say(`next, as an administrator: bursar machines ${action} --fingerprint ${fingerprint} --note "..."`);
    await streams.write(`${fingerprint}\n`);
    return exitCode.done;
  },
};
