import { createHash, randomBytes, randomInt } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seal, seedKeyOf } from '../../../src/database/secret-key.ts';
import { deriveKey, newSalt } from '../../../src/domain/password.ts';
import { codeAt, newSeed } from '../../../src/domain/totp.ts';
import { aDatabase, type TestDatabase } from '../../support/database.ts';
import { query } from '../../support/query.ts';

/** RFC 6238 with pgcrypto: SHA-1, six digits; a step is the number of whole 30 seconds since 1970. */
const totpCode = `
CREATE FUNCTION totp_code(seed bytea, step bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mac bytea := public.hmac(int8send(step), seed, 'sha1');
  -- the last four bits say where the number lies (RFC 4226, 5.3)
  place int := get_byte(mac, 19) & 15;
  number int := ((get_byte(mac, place) & 127) << 24) | (get_byte(mac, place + 1) << 16) | (get_byte(mac, place + 2) << 8) | get_byte(mac, place + 3);
BEGIN
  RETURN lpad((number % 1000000)::text, 6, '0');
END $$`;

let database: TestDatabase;
beforeAll(async () => {
  database = await aDatabase('blank');
  await query(database.url, 'CREATE EXTENSION pgcrypto SCHEMA public');
  await query(database.url, totpCode);
});
afterAll(() => database.drop());

test('the database opens what the console sealed, and opens nothing with another key', async () => {
  const key = seedKeyOf(randomBytes(32));
  for (const length of [0, 15, 16, 20, 100]) {
    const plain = randomBytes(length);
    const { iv, sealed } = seal(key, plain);
    const [row] = await query(database.url, `SELECT public.decrypt_iv($1, $2, $3, 'aes') AS plain`, [sealed, key, iv]);
    expect(row).toEqual({ plain });
  }
  const seed = newSeed();
  const { iv, sealed } = seal(key, seed);
  // one wrong key in 256 happens to end in what looks like padding: it then gives rubbish, not the seed
  const opened = await query(database.url, `SELECT public.decrypt_iv($1, $2, $3, 'aes') AS plain`, [sealed, randomBytes(32), iv]).catch(
    (error: unknown) => error,
  );
  expect(opened).not.toEqual([{ plain: seed }]);
});

test('the database computes from the sealed seed the code that an app shows', async () => {
  const key = seedKeyOf(randomBytes(32));
  const cases = Array.from({ length: 300 }, () => ({ seed: newSeed(), step: randomInt(0, 2 ** 40) })).map(({ seed, step }) => {
    const { iv, sealed } = seal(key, seed);
    return { iv, sealed, step, code: codeAt(seed, step * 30_000) };
  });
  const rows = await query(
    database.url,
    `SELECT totp_code(public.decrypt_iv(sealed, $1, iv, 'aes'), step) AS code
     FROM unnest($2::bytea[], $3::bytea[], $4::bigint[]) WITH ORDINALITY AS given (sealed, iv, step, place) ORDER BY place`,
    [key, cases.map(one => one.sealed), cases.map(one => one.iv), cases.map(one => one.step)],
  );
  expect(rows.map(row => row['code'])).toEqual(cases.map(one => one.code));
});

/** RFC 6238, appendix B. */
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('the database knows the code of RFC 6238 at second %i', async (seconds, code) => {
  const [row] = await query(database.url, 'SELECT totp_code($1, $2) AS code', [
    Buffer.from('12345678901234567890'),
    Math.floor(seconds / 30),
  ]);
  expect(row).toEqual({ code });
});

test('the database knows a derived key by its hash', async () => {
  const key = await deriveKey('thunder marble otter seven', newSalt());
  const [row] = await query(database.url, 'SELECT sha256($1) AS hash', [key]);
  expect(row).toEqual({ hash: createHash('sha256').update(key).digest() });
});
