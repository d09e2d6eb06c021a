/** Longer ones are passed on in pieces: nobody's log may fill the memory of who only passes it on. */
const LINE_CHARACTERS_MAX = 65_536;

/** Passes on text in whole lines. Several processes write to one stream in turns: a line that was cut between two of them would hide what the second says. */
export class WholeLines {
  private readonly output: (text: string) => void;
  private rest = '';

  constructor(output: (text: string) => void) {
    this.output = output;
  }

  heard(text: string): void {
    const all = this.rest + text;
    const end = all.lastIndexOf('\n') + 1;
    this.rest = all.slice(end);
    if (end > 0) this.output(all.slice(0, end));
    if (this.rest.length > LINE_CHARACTERS_MAX) this.end();
  }

  /** No more comes: what waits for its end gets one. */
  end(): void {
    if (this.rest !== '') this.output(`${this.rest}\n`);
    this.rest = '';
  }
}
