// An actor goes from one shard of this process into another (K1): the runtime's part. The cluster says when (cluster's carving/).
//
//   carve    held in both: it takes no turn, and what comes for it waits in its mailbox. The shard that it goes into has all of it from
//            now on, as the first record of a life there, so that its copies and storage have it before anybody says that it is there
//   settle   one of the two gives it up: its record says that it is gone, who waited there is sent back (K14)
//   unhold   the other goes on with it
//
// Sequence numbers begin again with that first record; numbers of the stream, of sends and of requests go on.
import { type EntityRef, entityKey, MusterError } from '@muster/ports';
import { Activation } from './activation.js';
import { saveEnvelope } from './envelope.js';
import { failure } from './outcome.js';
import type { Residents } from './residents.js';
import type { Services } from './services.js';
import type { Shard } from './shard.js';

export class Carving {
  private readonly services: Services;
  private readonly residents: Residents;

  constructor(services: Services, residents: Residents) {
    this.services = services;
    this.residents = residents;
  }

  /** False: not at the moment; nothing has changed. */
  carve(ref: EntityRef, from: Shard, into: Shard): boolean {
    const key = entityKey(ref);
    // Where ungated actors stand still they would go on elsewhere.
    if (from.state !== 'open' || into.state !== 'open' || from.fenced || into.fenced || from.held.has(key))
      return false;
    const actor = this.residents.activate(from, ref);
    // What it is owed as a newcomer is done first: it would be lost on the way.
    if (!(actor instanceof Activation) || !actor.envelope || actor.owesAdoption) return false;
    // Left by an attempt that came to nothing.
    this.drop(ref, into);
    if (actor.envelope.born && !this.copy(actor, into)) return false;
    from.held.add(key);
    into.held.add(key);
    return true;
  }

  /** The shard has nothing of it any more: true where it had. */
  drop(ref: EntityRef, shard: Shard): boolean {
    shard.held.delete(entityKey(ref));
    const details = { shard: shard.id, term: shard.term, peer: 'this process' };
    return this.residents.drop(shard, ref, failure('NOT_OWNER', details), new MusterError('NOT_OWNER', details));
  }

  /** It goes on here. */
  unhold(ref: EntityRef, shard: Shard): void {
    const key = entityKey(ref);
    if (!shard.held.delete(key)) return;
    // Nobody else may wake what it owes.
    if (shard.parked.has(key)) this.residents.activate(shard, ref);
    const actor = shard.actors.get(key);
    actor?.wake();
    if (actor?.emitter.maySend()) actor.emitter.outflight?.kick();
  }

  private copy({ envelope, emitter, key, kind }: Activation, into: Shard): boolean {
    try {
      const text = saveEnvelope({ ...envelope!, seq: 1 });
      const recent = emitter.recently()();
      const log = kind.durability === 'replicated' ? into.log : into.loose;
      log.append({ entity: key, seq: 1, entries: [{ type: 'carved', text, recent }] });
      const adopted = { how: 'moved', mayLack: false } as const;
      into.parked.set(key, { saved: { text, tail: '', seq: 1, recent }, timer: undefined, adopted });
      return true;
    } catch (error) {
      this.services.counters.failures.add(1, { part: 'save' });
      this.services.log.write('error', 'actor.failed', { entity: key, part: 'save', error });
      return false;
    }
  }
}
