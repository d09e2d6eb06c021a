import { expect, test } from '@jest/globals';
import { persistenceOptions, withinLimits } from './options.js';

test('calls that storage would refuse for their size are refused at the start, which can be mended', () => {
  const limits = { records: 10_000, chars: 16_777_216, textChars: 8_388_608 };
  const of = (given: Parameters<typeof persistenceOptions>[0], changes: Partial<typeof limits> = {}) =>
    withinLimits(persistenceOptions(given), { ...limits, ...changes });
  expect(of({})).toEqual(persistenceOptions());
  expect(withinLimits(persistenceOptions({ commitRecordsMax: 1e9 }))).toMatchObject({ commitRecordsMax: 1e9 });
  expect(() => of({ commitRecordsMax: 10_001 })).toThrow('what storage takes in one call: 10000');
  expect(() => of({ savesMax: 10_001 })).toThrow('savesMax');
  expect(() => of({ commitCharsMax: 16_777_217 })).toThrow('commitCharsMax');
  expect(() => of({ savesCharsMax: 8_388_609 })).toThrow('savesCharsMax');
  expect(() => of({}, { textChars: 16_777_217 })).toThrow('commitCharsMax');
});
