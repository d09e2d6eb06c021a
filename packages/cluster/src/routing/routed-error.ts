import type { ErrorCode } from '@muster/ports';
import type { ErrorData } from './call.js';

/** Why a call failed, for whoever made it. */
export class RoutedError {
  readonly code: ErrorCode;
  readonly details: ErrorData;

  constructor(code: ErrorCode, details: ErrorData) {
    this.code = code;
    this.details = details;
  }
}
