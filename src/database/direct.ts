import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { connectionSettings, type ConnectionWishes } from './settings.ts';

/** One plain connection, for bulk loads, locks and the contract's own functions. */
export type Direct = Client;

/** Connects without Prisma. `onLost` hears when the connection breaks later; without it that would end the process. */
export const openDirect = async (url: string, wishes: ConnectionWishes, onLost: (error: Error) => void): Promise<Direct> => {
  const client = new Client(connectionSettings(url, wishes));
  client.on('error', onLost);
  await client.connect();
  return client;
};

type Cell = string | number | boolean | null;

const special = /[\\\n\r\t]/;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const encoded = (cell: Cell): string => {
  if (typeof cell !== 'string') return cell === null ? '\\N' : String(cell);
  return special.test(cell) ? cell.replaceAll(/[\\\n\r\t]/g, sign => escapes[sign] ?? '') : cell;
};

const line = (row: readonly Cell[]): string => {
  let text = '';
  for (const cell of row) text += `\t${encoded(cell)}`;
  return `${text.slice(1)}\n`;
};

/** Bytes are sent in pieces of about this many characters: large enough for the network, small enough for memory. */
const pieceLength = 64_000;

function* inPieces(rows: Iterable<readonly Cell[]>, onPiece: (rows: number) => void): Generator<string> {
  let piece = '';
  let count = 0;
  for (const row of rows) {
    piece += line(row);
    count++;
    if (piece.length < pieceLength) continue;
    yield piece;
    onPiece(count);
    piece = '';
  }
  if (piece !== '') yield piece;
  onPiece(count);
}

/** Sends rows by COPY while they are made; `target` is the table with its columns. */
export const copyRows = async (
  client: Direct,
  target: string,
  rows: Iterable<readonly Cell[]>,
  onRows: (rows: number) => void = () => {},
): Promise<number> => {
  let sent = 0;
  const pieces = inPieces(rows, count => onRows((sent = count)));
  await pipeline(Readable.from(pieces), client.query(copyFrom(`COPY ${target} FROM STDIN WITH (FREEZE)`)));
  return sent;
};
