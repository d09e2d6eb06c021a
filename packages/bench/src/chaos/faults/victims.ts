import type { Random } from '@muster/ports';
import type { Scene } from './fault.js';

export type Part = 'node' | 'gateway' | 'leader' | 'vice';

/** Plain id of a process that plays this part now. */
export async function victim({ cluster, random }: Scene, part: Part): Promise<string> {
  if (part === 'node' || part === 'gateway') return one(random, cluster.ids(part));
  const { leader, vice } = await cluster.status();
  return plain(part === 'leader' ? leader : vice);
}

export async function incarnationOf({ cluster }: Scene, id: string): Promise<string | undefined> {
  const { nodes, gateways } = await cluster.admin('node.list', {});
  return [...nodes, ...gateways].find((member) => member.id === id && member.state === 'up')?.peer;
}

export function plain(peer: string): string {
  return peer.slice(0, peer.indexOf('#'));
}

/** @throws Error where there is nobody */
export function one<T>(random: Random, list: readonly T[]): T {
  const chosen = list[Math.floor(random.next() * list.length)];
  if (chosen === undefined) throw new Error('nobody to choose from');
  return chosen;
}

/** A whole number of milliseconds from `from` to `to`. */
export function between(random: Random, from: number, to: number): number {
  return from + Math.floor(random.next() * (to - from + 1));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
