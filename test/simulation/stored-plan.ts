import { readFileSync } from 'node:fs';
import { drawPlan, type Plan, parsePlan } from '@muster/simulator';

/** A plan in `plans`, as `npm run simulate -- --save` writes it. */
export function storedPlan(path: string): Plan {
  const text = readFileSync(new URL(`plans/${path}.json`, import.meta.url), 'utf8');
  return parsePlan(text, drawPlan(1, 1));
}
