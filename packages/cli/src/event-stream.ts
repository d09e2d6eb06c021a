/** Longest event that is kept while its end has not come. One event is a few hundred bytes. */
const EVENT_CHARACTERS_MAX = 256 * 1024;

/** Takes server-sent events apart as their text comes in, whatever the network cut it into. Only `data` matters here. */
export class EventStream {
  private rest = '';
  private data: string[] = [];

  /** The data of every event that ended in this piece. @throws RangeError for an event without an end. */
  push(piece: string): string[] {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop()!;
    if (this.rest.length > EVENT_CHARACTERS_MAX) throw new RangeError('an event has no end');
    const events: string[] = [];
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (this.data.length > 0) events.push(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
    }
    return events;
  }
}
