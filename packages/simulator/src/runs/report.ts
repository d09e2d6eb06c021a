import type { SeedResult } from './run-seed.js';

/** What a person needs to understand a broken run, and to see it again. */
export function violationReport({ plan, world, violation }: SeedResult): string {
  const { seed, seconds, kinds, coordinators, nodes, gateways, players, rivals } = plan;
  return [
    world.trace.text(),
    '',
    `violation of "${violation?.invariant}" in seed ${seed} at ${(world.now / 1_000).toFixed(3)} s`,
    `  ${violation?.seen.split('\n').join('\n  ')}`,
    `  cluster: ${coordinators} coordinators, ${nodes} nodes, ${gateways} gateways, ${players} players (${rivals} with two devices)`,
    `  faults drawn: ${kinds.join(', ')}; lately: ${world.trouble.describe()}`,
    `  again: npm run simulate -- --seeds 1 --first-seed ${seed} --seconds ${seconds}`,
  ].join('\n');
}
