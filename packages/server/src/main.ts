#!/usr/bin/env node
import { program } from './command-line.js';
import { runProgram } from './run-program.js';

await runProgram(program());
