import { readdirSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { entityKey } from '@muster/ports';
import { replay } from '@muster/ports/transcript';
import type { Send } from '@muster/runtime';
import type { StagedTurn } from '../testdata/actor-stage.js';
import { StagedMatch } from './testdata/staged-match.js';

const FOLDER = new URL('testdata/', import.meta.url).pathname;
const stories = readdirSync(FOLDER).filter((name) => name.endsWith('.txt'));

/** One battle told line by line: who says what to it, and what it says to whom. Users 42, 43, 44 play, 45 watches. */
class Story {
  private readonly match = new StagedMatch();
  /** The last send to each receiver that wants an answer. */
  private readonly asked = new Map<string, Send>();
  private time = 0;

  play(words: readonly string[]): readonly string[] {
    const turns = this.turns(words);
    const lines = turns.flatMap((turn) => this.lines(turn));
    const { phase } = this.match.state;
    return [...lines, phase];
  }

  private turns([who, verb, ...rest]: readonly string[]): readonly StagedTurn[] {
    const { match } = this;
    const [first = '', second = ''] = rest;
    if (who === 'lobby') {
      if (verb === 'host') return [match.host(undefined, rest.length > 0 ? rest : undefined)];
      if (verb === 'join') return [match.by('lobby/l1', 'joinBattle', { userId: first, name: `user${first}` })];
      return [match.by('lobby/l1', 'kill', null)];
    }
    if (who === 'pool') return [this.answer(`autohost-pool/${verb}`, this.picked(first))];
    if (who === 'pass') return match.pass(Number(verb));
    if (who === 'all') return ['42', '43', '44', '45'].map((id) => this.answer(`player/${id}`, { value: null }));
    if (who?.startsWith('player/')) return [this.answer(who, { value: null })];
    if (who === 'storage') return [this.answer(`battle-records/${match.self.id}`, { value: null })];
    if (who === 'adopted') return [match.internal('adopted', { how: 'promoted', mayLack: false })];
    return [this.autohost(`autohost/${who}`, verb!, first, second)];
  }

  private autohost(who: string, verb: string, first: string, second: string): StagedTurn {
    const { match } = this;
    const id = who.slice('autohost/'.length);
    if (verb === 'takes') return this.answer(who, { value: null });
    if (verb === 'refuses') return this.answer(who, { reason: first });
    if (verb === 'started') return match.started(id);
    if (verb === 'failed') return match.by(who, 'hostAnswered', { ok: false, reason: first });
    if (verb === 'gone') return match.by(who, 'hostGone', null);
    if (verb === 'added') return match.by(who, 'commandAnswered', { tag: first, ok: true });
    this.time += 1;
    const more = second === '' ? {} : { userId: first, winningAllyTeams: [Number(second)] };
    return match.newsBy(id, [this.time, verb as 'start', more]);
  }

  private picked(answer: string): { readonly value: unknown } {
    if (answer === 'none' || answer === 'young')
      return { value: { autohost: null, why: 'no_autohost', young: answer === 'young' } };
    return { value: { autohost: answer } };
  }

  private answer(from: string, outcome: { readonly value: unknown } | { readonly reason: string }): StagedTurn {
    const send = this.asked.get(from);
    if (!send) throw new Error(`${from} was not asked`);
    return this.match.answer(send, outcome);
  }

  private lines({ sends, refuse }: StagedTurn): readonly string[] {
    const lines = refuse === undefined ? [] : [`refused: ${refuse}`];
    for (const send of sends) {
      const to = entityKey(send.to).replace(this.match.self.id, 'b');
      if (send.answer !== undefined) this.asked.set(entityKey(send.to), send);
      lines.push(`→ ${to} ${send.command}${said(send)}`);
    }
    return lines;
  }
}

/** What of a send's data a reader wants to see. */
function said({ command, data }: Send): string {
  const { not, reason, how, kill, commandId, winningAllyTeamIds } = (data ?? {}) as Record<string, unknown>;
  const shown: Readonly<Record<string, unknown>> = {
    pick: not,
    battleHostFailed: reason,
    battleEnded: how,
    forgetBattle: kill === true ? 'kill' : undefined,
    battleCommand: commandId,
    battleOver: winningAllyTeamIds,
  };
  const word = shown[command];
  return word === undefined ? '' : ` ${typeof word === 'string' ? word : JSON.stringify(word)}`;
}

test.each(stories)('%s', (name) => {
  const story = new Story();
  const { expected, actual } = replay(`${FOLDER}${name}`, (words) => story.play(words));
  expect(actual).toBe(expected);
});

test('there are stories', () => {
  expect(stories.length).toBeGreaterThanOrEqual(5);
});
