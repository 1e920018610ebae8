// Loaded before a program that a test strikes in the middle: once it has written these words into a file it stands still, so that it is no further when the test sees them.
import { open, type FileHandle } from 'node:fs/promises';

const words = process.env['BURSAR_TEST_STANDS_STILL_AT'];
if (words !== undefined && words !== '') {
  const any = await open(process.execPath, 'r');
  const handles = Object.getPrototypeOf(any) as Pick<FileHandle, 'writeFile'>;
  await any.close();
  const writeFile = handles.writeFile;
  handles.writeFile = async function (this: FileHandle, ...given: Parameters<FileHandle['writeFile']>): Promise<void> {
    await writeFile.apply(this, given);
    if (typeof given[0] === 'string' && given[0].includes(words)) process.kill(process.pid, 'SIGSTOP');
  };
}
