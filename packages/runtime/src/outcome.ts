import type { ErrorCode } from '@muster/ports';
import type { Json, Refusal } from './actor.js';
import type { Outcome } from './host.js';

export function failure(code: ErrorCode, details: Readonly<Record<string, Json>> = {}): Outcome {
  return { ok: false, code, details };
}

/** A rule said no: REFUSED with `{ reason, details? }`. */
export function refused({ reason, details }: Refusal): Outcome {
  return failure('REFUSED', details === undefined ? { reason } : { reason, details });
}
