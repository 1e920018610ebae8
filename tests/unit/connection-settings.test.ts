import { expect, test } from 'vitest';
import { connectionSettings, DatabaseUrlError } from '../../src/database/settings.ts';

const settingsOf = (url: string) => connectionSettings(url, { applicationName: 'bursar' });

test('every session speaks UTC and has limits, whatever the address asks for', () => {
  const { options, application_name } = settingsOf(
    'postgresql://ada@localhost/bank?options=-c%20TimeZone%3DAsia/Tokyo&application_name=other',
  );

  expect(options).toBe(
    '-c TimeZone=Asia/Tokyo -c TimeZone=UTC -c statement_timeout=10000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=15000 -c jit=off',
  );
  expect(application_name).toBe('bursar');
});

test('a read-only session and one without a statement limit say so to the server', () => {
  const { options } = connectionSettings('postgresql:///bank?host=/run/pg', {
    applicationName: 'x',
    readOnly: true,
    statementTimeoutMs: 0,
  });

  expect(options).toContain('-c statement_timeout=0');
  expect(options).toContain('-c default_transaction_read_only=on');
});

test('reads host, port, user, password and database from every usual form', () => {
  expect(settingsOf('postgres://ada:p%40ss@127.0.0.1:5433/bank')).toMatchObject({
    host: '127.0.0.1',
    port: 5433,
    user: 'ada',
    password: 'p@ss',
    database: 'bank',
    ssl: false,
  });
  expect(settingsOf('postgresql://[::1]/bank')).toMatchObject({ host: '::1', port: 5432, ssl: false });
  expect(settingsOf('postgresql://%2Frun%2Fpostgresql/bank')).toMatchObject({ host: '/run/postgresql', ssl: false });
  expect(settingsOf('postgresql:///bank?host=/run/my%20pg&port=5499')).toMatchObject({ host: '/run/my pg', port: 5499, ssl: false });
});

test.for(['', '?sslmode=require', '?sslmode=prefer', '?sslmode=verify-ca', '?sslmode=disable', '?sslmode=no-verify', '?ssl=true'])(
  'another machine is refused with %j: the server would not be proven',
  parameters => {
    const refused = () => settingsOf(`postgresql://ada:secret@db.example.com/bank${parameters}`);

    expect(refused).toThrow(DatabaseUrlError);
    expect(refused).toThrow('Write sslmode=verify-full at its end');
    expect(refused).not.toThrow('secret');
  },
);

test('verify-full reaches another machine by verified TLS', () => {
  const { ssl } = settingsOf('postgresql://ada@db.example.com/bank?sslmode=verify-full');

  expect(ssl).toEqual({ rejectUnauthorized: true });
});

test.for([
  ['mysql://localhost/bank', 'is not a Postgres address'],
  ['bank', 'is not a Postgres address'],
  ['postgresql://localhost', 'names no database'],
  ['postgresql://localhost/bank?port=http', 'is not a number from 1 to 65535'],
  ['postgresql://ada:100%@localhost/bank', 'Write a percent sign itself as %25'],
  [
    'postgresql://db.example.com/bank?sslmode=verify-full&sslrootcert=/nowhere/ca.pem',
    'sslrootcert in DATABASE_URL names a file that cannot be read',
  ],
] as const)('%s is refused: it %s', ([url, complaint]) => {
  expect(() => settingsOf(url)).toThrow(complaint);
});
