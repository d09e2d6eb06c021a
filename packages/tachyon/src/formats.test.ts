import { expect, test } from '@jest/globals';
import { FORMATS } from './formats.js';

test.each([
  [
    'ipv4',
    ['0.0.0.0', '192.0.2.7', '255.255.255.255'],
    ['', '1.2.3', '1.2.3.4.', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', 'a.b.c.d'],
  ],
  [
    'ipv6',
    ['::', '::1', '2001:db8::7', '::ffff:192.0.2.7'],
    ['', ':', '1', '2001:db8', ':::', '::g', '[::1]', '::1]/x[', '::1%eth0'],
  ],
  ['uuid', ['75bfc493-2b9d-495d-a453-06722fdca2ea'], ['', '75bfc493', '75bfc493-2b9d-495d-a453-06722fdca2eg', 'urn:x']],
  ['regex', ['', '^a+$', '\\p{L}'], ['(', '[b-a]', '\\p{Nothing}']],
])('%s', (format, right, wrong) => {
  expect(right.filter((text) => !FORMATS[format]!(text))).toEqual([]);
  expect(wrong.filter((text) => FORMATS[format]!(text))).toEqual([]);
});
