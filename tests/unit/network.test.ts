import { expect, test } from 'vitest';
import { isNetwork } from '../../src/domain/network.ts';

test.each(['203.0.113.7', '203.0.113.0/24', '0.0.0.0/0', '2001:db8::/32', '::1', '2001:db8::7/128', '203.0.113.7/32'])(
  '%s is a network',
  text => {
    expect(isNetwork(text)).toBe(true);
  },
);

test.each([
  '203.0.113.999',
  '203.0.113',
  '203.0.113.0/33',
  '203.0.113.0/',
  '203.0.113.0/8/8',
  '2001:db8::/129',
  'fe80::1%eth0',
  'bank.example',
  '',
  '10.0.0.0/08',
  ' 10.0.0.1',
])('%j is none', text => {
  expect(isNetwork(text)).toBe(false);
});
