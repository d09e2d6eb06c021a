import { expect, test } from '@jest/globals';
import { commandsById } from '@muster/tachyon';
import { OWN_COMMANDS } from './own-commands.js';

test('whatever goes to the gateway and is served has somebody who does it', () => {
  const served = [...commandsById().values()].filter(({ target, unserved }) => target === 'gateway' && !unserved);
  const expected = served.map(({ commandId }) => commandId).sort();
  expect(Object.keys(OWN_COMMANDS).sort()).toEqual(expected);
});
