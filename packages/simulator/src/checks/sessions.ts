import type { Millis } from '@muster/ports';
import type { Device } from '../clients/device.js';
import type { Entry } from '../clients/ledger.js';
import type { Report } from './violation.js';

/** Two connections of one player that stay open together for longer than this, while nothing is broken, are two sessions. */
const TOGETHER_MS: Millis = 3_000;
/** Commands that only the connection which holds the session may give. */
const OWN_COMMANDS = /^(messaging\/|user\/(un)?subscribeUpdates)/;

export interface SessionsSetup {
  readonly report: Report;
  readonly now: () => Millis;
  /** When this player's state may last have been lost. */
  readonly lostAt: (player: string) => Millis;
  /** Everything is healed since then; Infinity: it is not. */
  readonly quietSince: () => Millis;
}

/** Invariant 6, for this part of it: one session per player; whoever was superseded is not obeyed any more (K12). */
export class Sessions {
  private readonly setup: SessionsSetup;
  private readonly devices: readonly Device[];
  /** Since when a newer sign-in is known to have succeeded. */
  private readonly supersededAt = new Map<Device, Millis>();
  superseded = 0;

  constructor(devices: readonly Device[], setup: SessionsSetup) {
    this.devices = devices;
    this.setup = setup;
  }

  online(device: Device): void {
    this.supersededAt.delete(device);
    for (const other of this.devices) {
      if (other === device || other.player !== device.player || other.state !== 'online') continue;
      // Only where it signed in after the other had: else the other's sign-in may be the newer one.
      if (other.onlineAt < device.startedAt && !this.supersededAt.has(other))
        this.supersededAt.set(other, this.setup.now());
    }
  }

  offline(device: Device, code: number): void {
    if (code === 1000 && this.supersededAt.delete(device)) this.superseded += 1;
    this.supersededAt.delete(device);
  }

  answered(device: Device, entry: Entry): void {
    const since = this.supersededAt.get(device);
    if (since === undefined || entry.reason || entry.sentAt <= since || !OWN_COMMANDS.test(entry.commandId)) return;
    // Where state was lost since it signed in, the player's actor knows the order of sign-ins only from those who come back.
    if (this.setup.lostAt(device.player) > device.onlineAt) return;
    this.setup.report(
      'a superseded session is refused',
      `${entry.messageId} ${entry.commandId}: obeyed after ${since.toFixed(1)}`,
    );
  }

  tick(): void {
    const quiet = this.setup.quietSince();
    const online = new Map<string, Device>();
    for (const device of this.devices) {
      if (device.state !== 'online') continue;
      const other = online.get(device.player);
      online.set(device.player, device);
      if (!other || this.setup.now() - Math.max(quiet, other.onlineAt, device.onlineAt) <= TOGETHER_MS) continue;
      this.setup.report(
        'one session per player',
        `player ${device.player}: ${other.id} at ${other.gateway}, ${device.id} at ${device.gateway}`,
      );
    }
  }
}
