import { createHash } from 'node:crypto';
import { challengeOf } from '@muster/client';
import { type Storage, SystemClock, SystemRandom, token } from '@muster/ports';
import { openStorage } from '@muster/storage';
import { TACHYON_SCOPE } from '@muster/tachyon';
import { SIGN_IN } from './code-exchange.js';

const CODE_BYTES = 32;
/** As a code of the issuer. */
const CODE_LIFETIME_MS = 300_000;

const clock = new SystemClock();
const random = new SystemRandom();

/**
 * Accounts, and a code for each, as the authorization page of an issuer would have left them in storage. A page costs what it costs wherever it
 * is; here it would take a third of the machine from what is measured.
 */
export class PreparedAccounts {
  private readonly storage: Storage;
  private readonly challenge: string;

  private constructor(storage: Storage, challenge: string) {
    this.storage = storage;
    this.challenge = challenge;
  }

  static async open(url: string): Promise<PreparedAccounts> {
    const storage = await openStorage({ url, clock, random, options: { callsMax: 100_000, callDeadlineMs: 60_000 } });
    return new PreparedAccounts(storage, await challengeOf(SIGN_IN.verifier));
  }

  /** @returns a code for each name, to be exchanged within five minutes */
  codesFor(names: readonly string[]): Promise<readonly string[]> {
    return Promise.all(names.map((name) => this.codeFor(name)));
  }

  close(): Promise<void> {
    return this.storage.close();
  }

  private async codeFor(username: string): Promise<string> {
    const { accounts, grants } = this.storage;
    const { id } = await accounts.create({ username, displayName: username });
    const code = token(random, CODE_BYTES);
    await grants.put({
      kind: 'code',
      hash: createHash('sha256').update(code).digest('base64url'),
      subject: id,
      clientId: SIGN_IN.clientId,
      scope: TACHYON_SCOPE,
      expiresAt: Math.floor(clock.now()) + CODE_LIFETIME_MS,
      detail: { redirectUri: SIGN_IN.redirectUri, challenge: this.challenge },
    });
    return code;
  }
}
