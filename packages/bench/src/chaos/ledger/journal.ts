import { closeSync, openSync, writeSync } from 'node:fs';

/** A file of lines that are only ever added: each is in the kernel's hands when `write` returns, so a killed writer loses none. */
export class Journal<E extends { readonly at: number }> {
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  write(entry: E): void {
    writeSync(this.file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.file);
  }
}
