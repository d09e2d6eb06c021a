// Tests read sources (the @muster/source condition), so they never depend on what was built last.
// Run it through `npm test`, or one file with `npm run jest -- <pattern>`.
const swc = {
  jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
  module: { type: 'es6' },
  sourceMaps: 'inline',
};

export default {
  testMatch: ['<rootDir>/packages/*/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/packages/[^/]+/dist/', '<rootDir>/test/dist/', '<rootDir>/.muster/'],
  watchPathIgnorePatterns: ['/dist/', '/.muster/'],
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@muster/source', 'node', 'node-addons'] },
  transform: { '^.+\\.ts$': ['@swc/jest', swc] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Node keeps the modules of every test file that a worker has run, and collecting garbage around them makes the later files take twice as
  // long: a worker that holds this much is replaced by a new one.
  workerIdleMemoryLimit: '400MB',
  testTimeout: 120_000,
};
