import { parsePeerId } from '@muster/ports';
import type { Paint } from '../format/paint.js';

/** What a view may know besides its document. */
export interface ViewContext {
  readonly paint: Paint;
  readonly nowMs: number;
  readonly stateLinesMax: number;
}

/** Pure: a document of the admin API as lines for people. `next` are commands that would tell more. */
export type View<Document> = (document: Document, context: ViewContext) => Page;

export interface Page {
  readonly lines: readonly string[];
  readonly next: readonly string[];
}

/** Which process: in a list, one run of an id is as good as another. */
export function idOf(peer: string): string {
  return parsePeerId(peer).id;
}
