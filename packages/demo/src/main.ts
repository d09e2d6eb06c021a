#!/usr/bin/env node
// What `npm start` runs: the server's own program, with a demo that it knows nothing of.
import { program, runProgram } from '@muster/server';
import { Show } from './show.js';

await runProgram(program({ demo: (setup) => Show.start(setup) }));
