// What happens in a pretended battle, and when. The whole story is drawn before it begins, so one seed gives one battle; it is played to whoever
// is there by then.
import type { Clock, Millis, Random } from '@muster/ports';
import { between, happens, oneOf } from './chance.js';
import type { EngineScript, FakeEngine } from './fake-engine.js';
import { IN_BATTLE } from './phrases.js';

interface At<What extends string> {
  /** From the start of the engine. */
  readonly at: Millis;
  readonly what: What;
}
interface Of<What extends string> extends At<What> {
  readonly userId: string;
}
export type Beat =
  | At<'begin'>
  | At<'quit'>
  | Of<'leave'>
  | Of<'return'>
  | Of<'defeat'>
  | (Of<'say'> & { readonly message: string })
  | (At<'finish'> & { readonly winner: number });

/** Parts of a battle's length. */
const BEGIN = 0.1;
const FIRST_DEFEAT = 0.4;
const LAST_DEFEAT = 0.9;
const AWAY = 0.1;
const QUIT = 1.03;
/** Chances of one player. */
const SPEAKS = 0.5;
const LOSES_CONNECTION = 0.15;

/**
 * The beats of one battle, in order: it begins, somebody speaks, somebody's connection breaks and comes back, those who lose are defeated one after
 * the other, one ally team has won, the engine quits. `sides`: user ids of each ally team; one may be empty (only AIs play in it). `lengthMs`: to
 * the end of the battle.
 */
export function battleStory(sides: readonly (readonly string[])[], lengthMs: Millis, random: Random): readonly Beat[] {
  const winner = Math.floor(random.next() * sides.length);
  const at = (from: number, to: number): Millis => Math.round(lengthMs * between(random, from, to));
  const beats: Beat[] = [{ at: Math.round(lengthMs * BEGIN), what: 'begin' }];
  sides.forEach((side, n) => {
    for (const userId of side) {
      if (happens(random, SPEAKS))
        beats.push({ at: at(BEGIN, LAST_DEFEAT), what: 'say', userId, message: oneOf(random, IN_BATTLE) });
      if (happens(random, LOSES_CONNECTION)) {
        const gone = at(BEGIN, FIRST_DEFEAT - AWAY);
        beats.push({ at: gone, what: 'leave', userId });
        beats.push({ at: gone + Math.round(lengthMs * AWAY), what: 'return', userId });
      }
      if (n !== winner) beats.push({ at: at(FIRST_DEFEAT, LAST_DEFEAT), what: 'defeat', userId });
    }
  });
  beats.push({ at: lengthMs, what: 'finish', winner }, { at: Math.round(lengthMs * QUIT), what: 'quit' });
  return beats.sort((a, b) => a.at - b.at);
}

/** User ids of each ally team of a start script. */
export function sidesOf({ allyTeams }: EngineScript): readonly (readonly string[])[] {
  return allyTeams.map(({ teams }) => teams.flatMap(({ players = [] }) => players.map(({ userId }) => userId)));
}

export interface Telling {
  readonly clock: Clock;
  /** Hears of each beat when it happened. */
  readonly told: (beat: Beat) => void;
}

/** Plays the beats to an engine as their time comes. @returns ends it: nothing more happens by itself */
export function play(engine: FakeEngine, beats: readonly Beat[], { clock, told }: Telling): () => void {
  const timers = beats.map((beat) =>
    clock.after(beat.at, () => {
      if (engine.running && happened(engine, beat)) told(beat);
    }),
  );
  return () => {
    for (const timer of timers) timer.cancel();
  };
}

/** False where it could not: who is not there says nothing and cannot leave. */
function happened(engine: FakeEngine, beat: Beat): boolean {
  if (beat.what === 'begin') engine.begin();
  else if (beat.what === 'finish') engine.finish([beat.winner]);
  else if (beat.what === 'quit') engine.quit();
  else if (beat.what === 'return') return engine.comeBack(beat.userId);
  else if (!engine.present.has(beat.userId)) return false;
  else if (beat.what === 'leave') engine.leave(beat.userId, 'lost_connection');
  else if (beat.what === 'defeat') engine.defeat(beat.userId);
  else engine.say(beat.userId, beat.message);
  return true;
}
