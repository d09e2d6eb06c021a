import type { ShardClaim, ShardId, ShardStore, Term } from '@muster/ports';

/** Of one call. */
const CLAIMS_AT_ONCE = 128;

/**
 * Claims every shard that was ever claimed, in this term, for nobody: whoever owned it before writes nothing there any more (K5). How far it can
 * be trusted stays as its owner left it. Done twice it does the same.
 * @returns the newest term in storage then; above `at`: not all of them are fenced
 * @throws MusterError STORAGE_UNAVAILABLE
 */
export async function fenceAll(shards: Pick<ShardStore, 'terms' | 'claim' | 'mark'>, at: Term): Promise<Term> {
  const all = [...(await shards.terms()).keys()].sort((a, b) => a - b);
  let newest = at;
  for (let next = 0; next < all.length; next += CLAIMS_AT_ONCE) {
    const some = all.slice(next, next + CLAIMS_AT_ONCE);
    const claims = some.map((shard: ShardId): ShardClaim => ({ shard, term: at, standing: 'behind' }));
    const answers = await shards.claim(claims);
    for (const { term } of answers) if (term > newest) newest = term;
    const marks = answers.flatMap(({ shard, refused, position, before }) =>
      refused || !before || before.standing === 'behind'
        ? []
        : [{ shard, term: at, standing: before.standing, through: position }],
    );
    if (marks.length > 0) await shards.mark(marks);
  }
  return newest;
}
