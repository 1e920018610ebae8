import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { z } from 'zod';
import type { DemoPorts, Places } from './places.ts';

/** Writes a file whole or not at all: two consoles may be at it at once, and a program may be running from it. */
export const writeWhole = (file: string, content: string | Buffer, mode = 0o600): void => {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, content, { mode });
  renameSync(part, file);
};

/** As `writeWhole`, where nothing is there yet: of two consoles that are at it at once one wins. */
export const writeOnce = (file: string, content: () => string | Buffer, mode = 0o600): void => {
  if (existsSync(file)) return;
  const own = `${file}.${process.pid}.new`;
  writeWhole(own, content(), mode);
  try {
    linkSync(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(own);
  }
};

/** A private key in OpenSSH's format that ssh2 can read: of those that it makes itself it refuses one in some 270 as malformed (1.17.0). */
export const newSshKey = async (comment: string): Promise<string> => {
  const { default: ssh2 } = await import('ssh2');
  for (;;) {
    const { private: key } = ssh2.utils.generateKeyPairSync('ed25519', { comment });
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
};

const makeKey = async (file: string): Promise<void> => {
  if (existsSync(file) && existsSync(`${file}.pub`)) return;
  const { default: ssh2 } = await import('ssh2');
  const made = await newSshKey('bursar demo');
  writeOnce(file, () => made);
  const key = ssh2.utils.parseKey(readFileSync(file));
  if (key instanceof Error) throw key;
  writeWhole(`${file}.pub`, `${key.type} ${key.getPublicSSH().toString('base64')}\n`);
};

/** Makes the keys of the demo's host where there are none: no demo has one that another has. */
export const makeKeys = async ({ keyFile, hostKeyFile, staffKeyFile, backupKeyFile }: Places): Promise<void> => {
  await makeKey(keyFile);
  await makeKey(hostKeyFile);
  writeOnce(staffKeyFile, () => `${randomBytes(24).toString('base64url')}\n`);
  writeOnce(backupKeyFile, () => `${randomBytes(32).toString('hex')}\n`);
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });

const Port = z.number().int().min(1).max(65_535);
const Ports = z.strictObject({ ssh: Port, bank: Port });

/** The ports that were chosen; undefined before the first start. */
export const readPorts = ({ portsFile }: Places): DemoPorts | undefined => {
  if (!existsSync(portsFile)) return undefined;
  return Ports.parse(JSON.parse(readFileSync(portsFile, 'utf8')));
};

/** Chooses ports that are free now, once. */
export const choosePorts = async (places: Places): Promise<DemoPorts> => {
  const ports: DemoPorts = { ssh: await freePort(), bank: await freePort() };
  writeOnce(places.portsFile, () => `${JSON.stringify(ports)}\n`);
  return readPorts(places) ?? ports;
};

/** Chooses another port for SSH, where a stranger has taken the one that was chosen. */
export const moveSsh = async (places: Places, { bank }: DemoPorts): Promise<void> =>
  writeWhole(places.portsFile, `${JSON.stringify({ ssh: await freePort(), bank })}\n`);
