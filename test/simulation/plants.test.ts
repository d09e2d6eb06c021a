// A checker that finds nothing proves nothing: each of these defects is put into the product, and has to be found.
import { expect, test } from '@jest/globals';
import { PLANTS, type PlantName, runPlan, violationReport } from '@muster/simulator';
import { storedPlan } from './stored-plan.js';

/** The same faults in worlds of other seeds: the product's own draws shift whatever a seed does, and with it where its faults strike. */
const WORLDS = 8;

test.each(Object.keys(PLANTS) as PlantName[])(
  'a world with the defect %s breaks an invariant',
  async (plant) => {
    const plan = storedPlan(`plants/${plant}`);
    for (let i = 0; i < WORLDS; i += 1) if ((await runPlan({ ...plan, seed: plan.seed + i }, plant)).violation) return;
    expect(`${plant} in ${WORLDS} worlds`).toBe('found');
  },
  300_000,
);

test('without a defect the same plan breaks none', async () => {
  const result = await runPlan(storedPlan('plants/ack-before-backup'));
  expect(result.violation ? violationReport(result) : '').toBe('');
});
