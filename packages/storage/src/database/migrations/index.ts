import { accounts } from './0001-accounts.js';
import { shards } from './0002-shards.js';
import { identity } from './0003-identity.js';
import { friends } from './0004-friends.js';
import { clans } from './0005-clans.js';
import { moderation } from './0006-moderation.js';
import { battles } from './0007-battles.js';
import { accountChanges } from './0008-account-changes.js';
import { tableRevision } from './0009-table-revision.js';

/** One step of the schema. What was released is never edited: the next number corrects it. */
export interface Migration {
  /** Consecutive from 1. */
  readonly number: number;
  readonly name: string;
  /**
   * SQL, one statement each, all in one transaction. Only additions that the build before this one can live with:
   * during a rolling upgrade both are at work on one database.
   */
  readonly statements: readonly string[];
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'accounts', statements: accounts },
  { number: 2, name: 'shards', statements: shards },
  { number: 3, name: 'identity', statements: identity },
  { number: 4, name: 'friends', statements: friends },
  { number: 5, name: 'clans', statements: clans },
  { number: 6, name: 'moderation', statements: moderation },
  { number: 7, name: 'battles', statements: battles },
  { number: 8, name: 'account changes', statements: accountChanges },
  { number: 9, name: 'table revision', statements: tableRevision },
];
