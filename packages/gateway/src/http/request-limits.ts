import type { Clock } from '@muster/ports';
import type { GatewayServerOptions } from './options.js';
import { KeyedLimit } from './window-limit.js';

/** Who may ask how often. Accounts are counted only where they are proven: nobody can have another one's account blocked. */
export class RequestLimits {
  private readonly clock: Clock;
  private readonly options: GatewayServerOptions;
  private readonly accounts: KeyedLimit;
  private readonly addresses: KeyedLimit;
  private readonly logins: KeyedLimit;

  constructor(clock: Clock, options: GatewayServerOptions) {
    const { countedMax: keysMax } = options;
    this.clock = clock;
    this.options = options;
    this.accounts = new KeyedLimit({
      max: options.accountRequestsMax,
      windowMs: options.accountWindowMs,
      blockMs: options.accountBlockMs,
      keysMax,
    });
    this.addresses = new KeyedLimit({
      max: options.addressRequestsMax,
      windowMs: options.addressWindowMs,
      blockMs: options.addressBlockMs,
      keysMax,
    });
    this.logins = new KeyedLimit({ max: options.loginsMax, windowMs: options.loginsWindowMs, blockMs: 0, keysMax });
  }

  /** Each counts one request. @returns milliseconds until the next may be allowed, or undefined. */
  account(account: string): number | undefined {
    return this.accounts.use(account, this.clock.monotonic());
  }

  address(address: string): number | undefined {
    return this.addresses.use(address, this.clock.monotonic());
  }

  login(account: string): number | undefined {
    return this.logins.use(account, this.clock.monotonic());
  }

  /** On the block list: it went on asking after it was told not to. Not even an answer is owed. */
  isCut(address: string): boolean {
    return this.addresses.refusals(address, this.clock.monotonic()) >= this.options.addressRefusalsMax;
  }
}
