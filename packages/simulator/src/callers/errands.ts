import type { EntityRef, Millis, SeededRandom } from '@muster/ports';
import type { Rung } from '../actors/alarm.js';
import type { Accounts } from '../checks/accounts.js';
import type { Alarms } from '../checks/alarms.js';
import type { RegisterCall } from '../checks/linearizability.js';
import type { Registers } from '../checks/registers.js';
import type { Ask, Told } from './caller.js';

/** How many actors of each kind there are: few, so that callers meet. */
export const ACTORS = { register: 3, account: 5, alarm: 3, pulse: 8 } as const;

export interface ErrandsSetup {
  readonly random: SeededRandom;
  readonly now: () => Millis;
  readonly registers: Registers;
  readonly accounts: Accounts;
  readonly alarms: Alarms;
}

/** What callers ask of actors, and where it is written down what came of it. */
export class Errands {
  private readonly setup: ErrandsSetup;
  private readonly values = new Map<string, string>();
  private number = 0;

  constructor(setup: ErrandsSetup) {
    this.setup = setup;
  }

  next(): Ask {
    const draw = this.setup.random.next();
    if (draw < 0.45) return this.register();
    if (draw < 0.7) return this.transfer();
    return draw < 0.85 ? this.alarm() : this.pulse();
  }

  private register(): Ask {
    const { random, now, registers } = this.setup;
    const id = this.one(ACTORS.register);
    const call = this.registerCall(id, random.next());
    const calledAt = now();
    const { type, ...data } = call;
    return {
      entity: { kind: 'register', id },
      command: type,
      data: type === 'read' ? null : data,
      told: (told) => {
        if (told.how === 'answered' && call.type !== 'compareAndSet')
          this.values.set(id, call.type === 'read' ? (told.value as string) : call.value);
        const answer = told.how === 'answered' ? (told.value as string | boolean | null) : undefined;
        const answeredAt = answer === undefined ? Number.POSITIVE_INFINITY : now();
        registers.record(id, { call, calledAt, answeredAt, answer });
      },
    };
  }

  private registerCall(id: string, draw: number): RegisterCall {
    if (draw < 0.4) return { type: 'read' };
    const value = this.unique('v');
    if (draw < 0.7) return { type: 'write', value };
    return { type: 'compareAndSet', expected: this.values.get(id) ?? '', value };
  }

  private transfer(): Ask {
    const { random, accounts } = this.setup;
    const from = this.one(ACTORS.account);
    const to = String(((Number(from) + Math.floor((ACTORS.account - 1) * random.next())) % ACTORS.account) + 1);
    const id = this.unique('t');
    const data = { id, to, amount: 1 + Math.floor(20 * random.next()) };
    return {
      entity: { kind: 'account', id: from },
      command: 'transfer',
      data,
      told: ({ how }) => accounts.record({ id, from, to, how }),
    };
  }

  private alarm(): Ask {
    const { random, alarms } = this.setup;
    const clock = this.one(ACTORS.alarm);
    const id = this.unique('a');
    return {
      entity: { kind: 'alarm', id: clock },
      command: 'wake',
      data: { id, afterMs: Math.floor(10 * 200 ** random.next()) },
      told: (told) => alarms.record(clock, id, told.how === 'answered' ? (told.value as Rung) : undefined),
    };
  }

  private pulse(): Ask {
    const entity: EntityRef = { kind: 'pulse', id: this.one(ACTORS.pulse) };
    return { entity, command: 'beat', data: null, told: (_: Told) => undefined };
  }

  private one(count: number): string {
    return String(1 + Math.floor(count * this.setup.random.next()));
  }

  private unique(prefix: string): string {
    this.number += 1;
    return `${prefix}${this.number}`;
  }
}
