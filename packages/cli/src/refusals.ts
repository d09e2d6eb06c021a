import { causeOf } from '@muster/ports';
import { DEFAULT_ADMIN, shown } from './admin-address.js';
import { EXIT, type ExitCode, exitCodeOf, Failure } from './failure.js';
import { printable } from './format/paint.js';

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Nothing is wrong with the question: another coordinator may answer it. */
export class NotHere extends Failure {
  /** Where the leader's admin API is, if the answer said so. */
  readonly leader: URL | undefined;

  constructor(exit: ExitCode, message: string, about: { hint?: string; code?: string; leader?: URL | undefined } = {}) {
    super(exit, message, about);
    this.leader = about.leader;
  }
}

export function silent(url: URL, timeoutMs: number): NotHere {
  const hint = `--timeout waits longer; ${shown(url)}/readyz?verbose says what that process waits for`;
  return new NotHere(EXIT.unreachable, `${shown(url)} did not answer within ${Math.round(timeoutMs)} ms`, { hint });
}

/** The network's error as a sentence, and what to start. */
export function unreachable(url: URL, error: unknown): NotHere {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const host = url.hostname;
  const start =
    shown(url) === DEFAULT_ADMIN
      ? 'start the system with `npm start`, or name its admin API with --admin or MUSTER_ADMIN'
      : 'start a coordinator that serves it, or name another with --admin or MUSTER_ADMIN (`npm run cluster` prints its own)';
  if (code === 'ECONNREFUSED')
    return new NotHere(EXIT.unreachable, `nothing listens at ${shown(url)}`, { hint: start });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new NotHere(EXIT.unreachable, `${host} has no address`, {
      hint: 'is the name in --admin or MUSTER_ADMIN right?',
    });
  }
  return new NotHere(EXIT.unreachable, `${shown(url)} cannot be asked: ${causeOf(error)}`, { hint: start });
}

/** An answer that is not the document that was asked for. */
export function refusal(url: URL, { status, text }: HttpAnswer): Failure {
  const error = errorDocument(text);
  if (error === undefined) {
    const hint = 'clients connect elsewhere; the admin API is what `npm start` and `npm run cluster` print last';
    return new NotHere(EXIT.unreachable, `${shown(url)} is no admin API of Muster (HTTP ${status})`, { hint });
  }
  const { code, details } = error;
  const message = printable(error.message);
  if (code === 'NOT_FOUND' && /^(GET|POST) /.test(String(details.what))) {
    const hint = 'give --admin the address of a coordinator';
    return new NotHere(EXIT.unreachable, `${shown(url)} is a process without an admin API`, { hint, code });
  }
  if (code === 'NOT_LEADER') {
    const admin = details.admin;
    const leader = typeof admin === 'string' && URL.canParse(admin) ? new URL(admin) : undefined;
    const hint = 'give --admin the address of the leader, or of all coordinators with commas between them';
    return new NotHere(EXIT.conflict, message, { hint, code, leader });
  }
  return new Failure(exitCodeOf(code, status), withMatches(message, details), { code });
}

type Details = Readonly<Record<string, unknown>>;

function errorDocument(text: string): { code: string; message: string; details: Details } | undefined {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message, details } = value as Partial<Record<string, unknown>>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { code, message, details: typeof details === 'object' && details !== null ? (details as Details) : {} };
}

function withMatches(message: string, { matches }: Details): string {
  return Array.isArray(matches)
    ? `${message}\n${matches.map((one) => `  ${printable(String(one))}`).join('\n')}`
    : message;
}

/** Undefined where the text is no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
