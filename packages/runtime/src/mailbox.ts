/**
 * A ring that grows by doubling up to its limit and gives its memory back when it runs empty:
 * an idle actor keeps no slots.
 */
export class Ring<T> {
  private slots: (T | undefined)[] = [];
  private head = 0;
  private count = 0;
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  get length(): number {
    return this.count;
  }

  /** False where it is full. */
  push(item: T): boolean {
    if (this.count === this.max) return false;
    if (this.count === this.slots.length) this.grow();
    this.slots[(this.head + this.count) & (this.slots.length - 1)] = item;
    this.count += 1;
    return true;
  }

  shift(): T | undefined {
    if (this.count === 0) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head = (this.head + 1) & (this.slots.length - 1);
    this.count -= 1;
    if (this.count === 0 && this.slots.length > KEEP_SLOTS) {
      this.slots = [];
      this.head = 0;
    }
    return item;
  }

  /** Whether one of them is such. */
  has(wanted: (item: T) => boolean): boolean {
    for (let i = 0; i < this.count; i += 1)
      if (wanted(this.slots[(this.head + i) & (this.slots.length - 1)]!)) return true;
    return false;
  }

  private grow(): void {
    const next = new Array<T | undefined>(Math.max(FIRST_SLOTS, this.slots.length * 2));
    for (let i = 0; i < this.count; i += 1) next[i] = this.slots[(this.head + i) & (this.slots.length - 1)];
    this.slots = next;
    this.head = 0;
  }
}

// Powers of two: the index wraps by mask.
const FIRST_SLOTS = 4;
const KEEP_SLOTS = 16;
