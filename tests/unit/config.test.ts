import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';

const home = mkdtempSync(path.join(tmpdir(), 'bursar-config-'));
afterAll(() => rmSync(home, { recursive: true }));

const withFile = (content: string): NodeJS.ProcessEnv => {
  writeFileSync(path.join(home, 'config.json'), content);
  return { BURSAR_HOME: home };
};

const refusal = (environment: NodeJS.ProcessEnv): string => {
  try {
    readConfig(environment, '/nowhere');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('it was accepted');
};

describe('settings', () => {
  test('a file that is named is read in the place of the one in the home', () => {
    const other = path.join(home, 'other.json');
    writeFileSync(other, '{"environment": "eu-2"}');
    const environment = { ...withFile('{"environment": "eu-1"}'), BURSAR_CONFIG_FILE: other };
    expect(readConfig(environment, '/nowhere')).toMatchObject({ home, environment: 'eu-2' });
    expect(readConfig({ ...environment, BURSAR_CONFIG_FILE: path.join(home, 'none.json') }, '/nowhere').environment).toBeUndefined();
  });

  test('nothing said: embedded database, euro, five postings a second, production unless it is a demo', () => {
    expect(readConfig({}, '/somewhere')).toEqual({
      home: '/somewhere',
      databaseUrl: undefined,
      ownerUrl: undefined,
      readerUrl: undefined,
      platformUrl: undefined,
      environment: undefined,
      production: undefined,
      currency: 'EUR',
      traffic: 5,
      trafficCases: 'sometimes',
      clipboard: undefined,
      clientAddress: undefined,
      demoOperator: 'demo',
      secretKeyFile: undefined,
      notices: {},
      remote: {},
      platform: { media: [], files: [], logs: [], certificates: [], checks: [], renewed: [], rotations: '/etc/logrotate.d', temporary: [] },
      backup: { databaseDays: 30, mediaDays: 7, keepAtLeast: 7 },
      sshAgent: undefined,
    });
  });

  test.each([
    ['203.0.113.7 51234 10.0.0.2 22', '203.0.113.7'],
    ['2001:db8::7 51234 2001:db8::2 22', '2001:db8::7'],
    ["10.0.0.1'; DROP TABLE ops.audit -- 1 2 3", undefined],
    ['', undefined],
  ])('whoever comes by SSH sits at the address that sshd tells: %s', (connection, address) => {
    expect(readConfig({ SSH_CONNECTION: connection }, '/somewhere').clientAddress).toBe(address);
  });

  test('the file says, the environment overrules', () => {
    const environment = withFile('{"environment": "eu-1", "production": true, "traffic": 2.5, "currency": "CHF"}');
    expect(readConfig(environment, '/nowhere')).toMatchObject({
      home,
      environment: 'eu-1',
      production: true,
      traffic: 2.5,
      currency: 'CHF',
    });
    const overruled = readConfig(
      { ...environment, BURSAR_PRODUCTION: 'no', BURSAR_TRAFFIC: '0', DATABASE_URL: 'postgresql://x/y' },
      '/nowhere',
    );
    expect(overruled).toMatchObject({ environment: 'eu-1', production: false, traffic: 0, databaseUrl: 'postgresql://x/y' });
  });

  test('an empty variable is none', () => {
    expect(readConfig({ DATABASE_URL: '', BURSAR_HOME: '', BURSAR_CURRENCY: '' }, '/somewhere')).toMatchObject({
      databaseUrl: undefined,
      home: '/somewhere',
      currency: 'EUR',
    });
  });
});

describe('what cannot be used is refused in one line that says what to write', () => {
  test.each([
    [
      { BURSAR_CONFIG_FILE: 'config.json' },
      'BURSAR_CONFIG_FILE is "config.json": write the whole path of a file, such as /etc/bursar/config.json',
    ],
    [{ BURSAR_HOME: 'relative' }, 'BURSAR_HOME is "relative": write the whole path of a folder, such as /srv/bursar'],
    [{ BURSAR_TRAFFIC: 'fast' }, 'BURSAR_TRAFFIC is "fast": write postings a second from 0 to 1000, such as 5'],
    [{ BURSAR_TRAFFIC: '-1' }, 'BURSAR_TRAFFIC is "-1": write postings a second from 0 to 1000, such as 5'],
    [{ BURSAR_TRAFFIC_CASES: 'fraud' }, 'BURSAR_TRAFFIC_CASES is "fraud": write none, sometimes or structuring'],
    [{ BURSAR_PRODUCTION: 'maybe' }, 'BURSAR_PRODUCTION is "maybe": write yes or no'],
    [{ BURSAR_CURRENCY: 'euro' }, 'BURSAR_CURRENCY is "euro": write three capital letters, such as EUR'],
    [{ BURSAR_DEMO_OPERATOR: "x' OR true" }, `BURSAR_DEMO_OPERATOR is "x' OR true": write the name of an operator, such as demo`],
    [
      { BURSAR_ENVIRONMENT: 'prod\u001b[31m' },
      'BURSAR_ENVIRONMENT is "prod␛[31m": write a name of up to 24 letters, digits, blanks, dots and dashes, such as eu-1',
    ],
  ])('%j', (environment, message) => {
    expect(refusal(environment)).toBe(message);
  });

  test.each([
    ['{"trafic": 3}', /config\.json has the unknown key "trafic": write traffic$/],
    [
      '{"colour": 3}',
      /has the unknown key "colour": it knows environment, production, currency, traffic, trafficCases, clipboard, demoOperator, notices, remote, platform, backup$/,
    ],
    ['{"traffic": "many"}', /^traffic in .*config\.json is "many": write postings a second/],
    ['{"production": 1}', /^production in .*config\.json is 1: write yes or no$/],
    ['[1]', /config\.json is no JSON object: write \{"environment": "eu-1"\}, for instance$/],
    [
      '{"notices": {"smtp": {"url": "smtp://a:secret@mail.example", "from": "a@b.example"}}}',
      /^notices\.smtp\.url in .*config\.json cannot be used: must not hold the password/,
    ],
    ['{"notices": {"mail": {}}}', /^notices in .*config\.json cannot be used: Unrecognized key: "mail"$/],
    ['{"notices": {"webhook": {"url": "http://hooks.example/x"}}}', /^notices\.webhook\.url in .* write an https address/],
    ['{', /config\.json is no JSON: .*/],
  ])('a file that holds %s', (content, message) => {
    expect(refusal(withFile(content))).toMatch(message);
    expect(refusal(withFile(content))).not.toContain('\n');
  });
});
