import type { Fault } from '../faults/kinds.js';
import type { SeedResult } from './run-seed.js';
import type { Shrunk } from './shrink.js';

/** What a person needs to understand a broken run, and to see it again. */
export function violationReport({ plan, plant, world, violation }: SeedResult): string {
  const { seed, seconds, kinds, coordinators, nodes, gateways, players, rivals } = plan;
  return [
    world.trace.text(),
    '',
    `violation of "${violation?.invariant}" in seed ${seed} at ${(world.now / 1_000).toFixed(3)} s`,
    `  ${violation?.seen.split('\n').join('\n  ')}`,
    `  cluster: ${coordinators} coordinators, ${nodes} nodes, ${gateways} gateways, ${players} players (${rivals} with two devices)`,
    `  faults drawn: ${kinds.join(', ')}; lately: ${world.trouble.describe()}`,
    `  again: npm run simulate -- --seeds 1 --first-seed ${seed} --seconds ${seconds}${plant ? ` --plant ${plant}` : ''}`,
  ].join('\n');
}

/** The faults that are enough, and how to run them. */
export function shrunkReport({ plan, runs }: Shrunk, before: number, plant: string | undefined): string {
  const { seed, seconds, faults } = plan;
  const line = ({ atMs, kind, place, other, ms, count }: Fault): string =>
    `    ${(atMs / 1_000).toFixed(3).padStart(8)} s  ${kind} ${place} ${other} ${Math.round(ms)} ms ×${count}`;
  const command = `npm run simulate -- --first-seed ${seed} --seconds ${seconds}${plant ? ` --plant ${plant}` : ''}`;
  return [
    `  ${faults.length} of ${before} faults are enough (${runs} runs):`,
    ...faults.map(line),
    `  again: ${command} --plan '${JSON.stringify(faults)}'`,
  ].join('\n');
}
