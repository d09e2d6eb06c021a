export { program } from './command-line.js';
export { type BotConfig, type Config, checkConfig, parseConfig, readConfig } from './config/load.js';
export { configDocument, printConfig } from './config/print.js';
export type { Demo, DemoSetup, StartDemo } from './demo.js';
export { type DevOptions, type DevServer, serveDev } from './dev.js';
export {
  type LocalChange,
  LocalCluster,
  type LocalClusterDocument,
  type LocalClusterOptions,
  type LocalProcess,
} from './local-cluster/local-cluster.js';
export { runProgram } from './run-program.js';
export { type Serving, type ServingDocument, serve } from './serve.js';
