export { EXIT, type ExitCode } from './failure.js';
export { type CliOptions, defaultCliOptions } from './options.js';
export { runMusterctl } from './run.js';
export { systemTerminal, type Terminal } from './terminal.js';
