#!/usr/bin/env node
import { runMusterctl } from './run.js';
import { systemTerminal } from './terminal.js';

// Not process.exit: what is still on its way to a pipe would be cut off.
process.exitCode = await runMusterctl(process.argv.slice(2), systemTerminal());
