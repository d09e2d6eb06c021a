import { MusterError } from '@muster/ports';

/** What the protocol itself bounds. Numbers that the published schemas fix (512 characters of chat, 100 ids) stand in the definitions. */
export interface TachyonOptions {
  /** Longest text frame that is read, in UTF-16 units (never more than its bytes).
   *  Lower: less memory a hostile client can claim per message, but commands that are within their bounds no longer fit: the largest, a lobby with all
   *  the game options that it may have, takes 122 KiB. Higher: one frame costs more parsing before anything is known of it. The largest real frame
   *  seen is under 20 KiB. */
  readonly frameLengthMax: number;
  /** Deepest nesting of a frame, checked before it is parsed.
   *  Lower: commands to come may not fit. Higher: recursive code behind the parser (validators, printers) goes deeper. The deepest command has 9 levels. */
  readonly depthMax: number;
  /** Longest messageId. It is kept while a request runs and copied into the response. Clients send UUIDs (36). */
  readonly messageIdLengthMax: number;
  /** Longest commandId; it is copied into the `command_unimplemented` answer. The longest that exists has 30 characters. */
  readonly commandIdLengthMax: number;
  /** Longest `details` of a failure. Lower: paths of invalid fields are cut. Higher: a wrong request costs more to refuse than to send. */
  readonly detailsLengthMax: number;
}

export const TACHYON_DEFAULTS: TachyonOptions = {
  frameLengthMax: 131_072,
  depthMax: 16,
  messageIdLengthMax: 128,
  commandIdLengthMax: 64,
  detailsLengthMax: 256,
};

/** The defaults with `changes`. @throws MusterError BAD_CONFIG when a limit is no positive integer, or smaller than the protocol needs. */
export function tachyonOptions(changes: Partial<TachyonOptions> = {}): TachyonOptions {
  const options = { ...TACHYON_DEFAULTS, ...changes };
  const least: TachyonOptions = {
    frameLengthMax: 4_096,
    depthMax: 10,
    messageIdLengthMax: 36,
    commandIdLengthMax: 30,
    detailsLengthMax: 32,
  };
  for (const name of Object.keys(least) as (keyof TachyonOptions)[]) {
    if (!Number.isSafeInteger(options[name]) || options[name] < least[name])
      throw new MusterError('BAD_CONFIG', {
        details: `tachyon.${name} is ${options[name]}: at least ${least[name]} is needed`,
      });
  }
  return options;
}
