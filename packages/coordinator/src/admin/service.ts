import type { PeerInfo, Peers } from '@muster/cluster';
import { codeOf, type ErrorDetails, isMusterError, type Log, type Metrics, MusterError } from '@muster/ports';
import type { EnvelopeOf } from '@muster/wire';
import { type Audit, isChanging } from './audit.js';
import type { BrokenGlass, Glass } from './break-glass.js';
import type { AdminCommand } from './documents.js';

export type AdminHandler = (args: Readonly<Record<string, unknown>>, from: PeerInfo, glass?: BrokenGlass) => unknown;
export type AdminHandlers = Readonly<Record<AdminCommand, AdminHandler>>;

export interface AdminServiceSetup {
  readonly peers: Peers;
  readonly handlers: AdminHandlers;
  readonly audit: Audit;
  readonly glass: Glass;
  readonly metrics: Metrics;
  readonly log: Log;
}

const utf8 = new TextEncoder();

/** Takes the questions of operators off their links and sends the answers: documents, or an error's code and details. */
export function serveAdmin({ peers, handlers, audit, glass, metrics, log }: AdminServiceSetup): void {
  const answer = async (from: PeerInfo, { body }: EnvelopeOf<'adminRequest'>): Promise<void> => {
    const { request, command } = body;
    let code = '';
    let result: unknown;
    try {
      const handler = Object.hasOwn(handlers, command) ? handlers[command as AdminCommand] : undefined;
      if (!handler) throw new MusterError('COMMAND_UNIMPLEMENTED', { command });
      const name = command as AdminCommand;
      const who = `${body.who || 'somebody'} at ${from.peer}`;
      const { args, glass: broken } = glass.opened(name, readArguments(body.arguments), who);
      const act = () => handler(args, from, broken);
      result = await (isChanging(name) ? audit.kept({ who, command: name, arguments: args }, act, broken) : act());
    } catch (error) {
      code = codeOf(error) ?? 'ACTOR_FAILED';
      result = isMusterError(error) ? { message: error.message, ...error.details } : ({} satisfies ErrorDetails);
      if (!isMusterError(error)) log.write('error', 'admin.failed', { command, error });
    }
    metrics.counter('muster_coordinator_admin_requests_total', 'Questions of operators').add(1, { code });
    const text = utf8.encode(JSON.stringify(result));
    peers.send(from.peer, 'control', { type: 'adminResponse', body: { request, code, result: text } });
  };
  peers.on('adminRequest', (from, envelope) => {
    void answer(from, envelope);
  });
}

/** @throws MusterError INVALID_REQUEST */
function readArguments(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below: for whoever asked, it is the same.
  }
  throw new MusterError('INVALID_REQUEST', { details: 'arguments are not a JSON object' });
}
