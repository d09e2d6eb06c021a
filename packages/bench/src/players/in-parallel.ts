/** Does `work` for 0 … count − 1, so many at a time. The first failure ends it, once those under way are done. */
export async function inParallel(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < count && !failed) {
      const index = next;
      next += 1;
      await work(index).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: Math.min(atOnce, count) }, worker));
  for (const each of workers) if (each.status === 'rejected') throw each.reason;
}
