import type { AnsweredData, RequestNotice } from '@muster/play';
import type { ResponseMessage, TachyonProtocol } from '@muster/tachyon';
import type { ClientWriter } from './client-writer.js';

export interface ServerRequestsSetup {
  readonly session: string;
  readonly writer: ClientWriter;
  readonly protocol: TachyonProtocol;
  /** A checked answer, for the actor. `cause`: the client's request that led to ours. */
  readonly answered: (data: AnsweredData, cause: string) => void;
}

/** What the server asked on one connection. The actor has it on record; here is only what this client was asked and owes. */
export class ServerRequests {
  private readonly setup: ServerRequestsSetup;
  /** By message id. */
  private readonly open = new Map<string, { readonly n: number; readonly commandId: string; readonly cause: string }>();
  /** Numbers grow: everything up to here was asked. */
  private highest = 0;

  constructor(setup: ServerRequestsSetup) {
    this.setup = setup;
  }

  /** Asks once on this connection, however often the actor says so. `cause`: of the event that brought it, where one did. */
  ask({ n, commandId, data }: RequestNotice, cause = ''): void {
    if (n <= this.highest) return;
    this.highest = n;
    const messageId = this.idOf(n);
    if (!this.setup.writer.request(messageId, commandId, data === null ? undefined : JSON.stringify(data))) {
      this.setup.answered({ n, ok: false, reason: 'command_unimplemented' }, cause);
      return;
    }
    this.open.set(messageId, { n, commandId, cause });
  }

  /** Nobody waits for the answer any more. */
  over(n: number): void {
    this.open.delete(this.idOf(n));
  }

  /**
   * @returns `late`: it was asked, and nobody waits any more. `unasked`: it never was.
   * @throws MusterError BAD_MESSAGE where it is an answer to another command.
   */
  answer(message: ResponseMessage): 'taken' | 'late' | 'unasked' {
    const { messageId } = message;
    const asked = this.open.get(messageId);
    if (!asked) return this.wasAsked(messageId) ? 'late' : 'unasked';
    const answer = this.setup.protocol.answer(message, asked.commandId);
    this.open.delete(messageId);
    const { n, cause } = asked;
    if (answer.ok) this.setup.answered({ n, ok: true, data: answer.data ?? null }, cause);
    else {
      const { reason, details } = answer;
      this.setup.answered({ n, ok: false, reason, ...(details !== undefined && { details }) }, cause);
    }
    return 'taken';
  }

  private idOf(n: number): string {
    return `${n}-${this.setup.session}`;
  }

  private wasAsked(messageId: string): boolean {
    const n = Number.parseInt(messageId, 10);
    return n > 0 && n <= this.highest && messageId === this.idOf(n);
  }
}
