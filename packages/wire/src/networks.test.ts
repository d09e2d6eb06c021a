// What every Network promises, held for each form of it by the same tests.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CloseReason, type Connection, codeOf, type Listener, type Network, SystemClock } from '@muster/ports';
import { GrpcNetwork, LoopbackNetwork } from './index.js';

const clock = new SystemClock();
const forms: readonly [string, () => Network][] = [
  ['LoopbackNetwork', () => new LoopbackNetwork({ clock })],
  ['GrpcNetwork', () => new GrpcNetwork({ clock, options: { closeTimeoutMs: 200 } })],
];

/** One end of a connection, with everything that happened to it and a way to wait for more. */
class End {
  readonly happened: string[] = [];
  readonly frames: Uint8Array[] = [];
  readonly connection: Connection;
  onFrame: () => void = () => undefined;
  private waiting: (() => void)[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
    connection.handle({
      open: () => this.note('open'),
      frame: (bytes) => {
        this.frames.push(bytes);
        this.note(`frame ${bytes.length}`);
        this.onFrame();
      },
      drain: () => this.note('drain'),
      close: (reason) => this.note(`close ${reason}`),
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  async closed(): Promise<CloseReason> {
    await this.until(() => this.happened.at(-1)?.startsWith('close ') ?? false);
    return this.happened.at(-1)!.slice('close '.length) as CloseReason;
  }

  async opened(): Promise<void> {
    await this.until(() => this.happened.includes('open'));
  }

  private note(what: string): void {
    this.happened.push(what);
    const { waiting } = this;
    this.waiting = [];
    for (const wake of waiting) wake();
  }
}

describe.each(forms)('%s', (_name, make) => {
  let network: Network;
  let listener: Listener;
  let accepted: End[];
  let onAccept: (end: End) => void;

  beforeEach(async () => {
    network = make();
    accepted = [];
    onAccept = () => undefined;
    listener = await network.listen('127.0.0.1:0', (connection) => {
      const end = new End(connection);
      accepted.push(end);
      onAccept(end);
    });
  });

  afterEach(() => listener.close());

  async function connect(): Promise<[End, End]> {
    const dialed = new End(network.dial(listener.address));
    await dialed.opened();
    await dialed.until(() => accepted.length > 0);
    return [dialed, accepted.at(-1)!];
  }

  test('carries frames both ways: whole, in order, each once, after open on both sides', async () => {
    onAccept = (end) => {
      end.onFrame = () => end.connection.send(Uint8Array.of(end.frames.length));
    };
    const dialed = new End(network.dial(listener.address));
    for (let i = 1; i <= 50; i += 1) dialed.connection.send(new Uint8Array(i).fill(i));
    await dialed.until(() => dialed.frames.length === 50);
    expect(accepted[0]!.frames.map((frame) => [frame.length, frame[0]])).toEqual(
      Array.from({ length: 50 }, (_, i) => [i + 1, i + 1]),
    );
    expect(dialed.frames.map((frame) => frame[0])).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect([dialed.happened[0], accepted[0]!.happened[0]]).toEqual(['open', 'open']);
  });

  test('calls nobody back before the turn of dial or accept is over', async () => {
    let inTurn = true;
    const seen: boolean[] = [];
    const watch = (connection: Connection) =>
      connection.handle({
        open: () => seen.push(inTurn),
        frame: () => seen.push(inTurn),
        drain: () => seen.push(inTurn),
        close: () => seen.push(inTurn),
      });
    watch(network.dial('127.0.0.1:1'));
    watch(network.dial(listener.address));
    inTurn = false;
    const [dialed] = await connect();
    dialed.connection.close();
    await dialed.closed();
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).not.toContain(true);
  });

  test('says refused where nobody listens, and where somebody did before', async () => {
    expect(await new End(network.dial('127.0.0.1:1')).closed()).toBe('refused');
    await listener.close();
    expect(await new End(network.dial(listener.address)).closed()).toBe('refused');
  });

  test('delivers what was sent before close, then says closed to both, once', async () => {
    const [dialed, far] = await connect();
    for (let i = 0; i < 20; i += 1) dialed.connection.send(new Uint8Array(10_000));
    dialed.connection.close();
    expect([await dialed.closed(), await far.closed()]).toEqual(['closed', 'closed']);
    expect(far.frames.length).toBe(20);
    dialed.connection.close();
    far.connection.close();
    expect(dialed.connection.send(new Uint8Array(1))).toBe(false);
    expect([dialed, far].map((end) => end.happened.filter((what) => what.startsWith('close')).length)).toEqual([1, 1]);
  });

  test('lets the accepting side close too', async () => {
    const [dialed, far] = await connect();
    far.connection.send(new Uint8Array(7));
    far.connection.close();
    expect([await dialed.closed(), await far.closed()]).toEqual(['closed', 'closed']);
    expect(dialed.frames.length).toBe(1);
  });

  test('ends its connections when a listener closes, and frees the address', async () => {
    const [dialed, far] = await connect();
    await listener.close();
    expect([await dialed.closed(), await far.closed()]).toEqual(['closed', 'closed']);
    const again = await network.listen(listener.address, () => undefined);
    expect(again.address).toBe(listener.address);
    await again.close();
  });

  test('refuses an address that is in use', async () => {
    const error = await network.listen(listener.address, () => undefined).catch((reason: unknown) => reason);
    expect(codeOf(error)).toBe('ADDRESS_IN_USE');
  });

  test('asks to wait when more is sent than can leave, and says when there is room', async () => {
    const [dialed, far] = await connect();
    let sent = 0;
    let room = true;
    for (; room && sent < 1_000; sent += 1) room = dialed.connection.send(new Uint8Array(64 * 1024));
    expect(room).toBe(false);
    await dialed.until(() => dialed.happened.includes('drain'));
    dialed.connection.close();
    await far.closed();
    expect(far.frames.length).toBe(sent);
  });

  test('carries a frame of almost 4 MiB', async () => {
    const [dialed, far] = await connect();
    const frame = new Uint8Array(4 * 1024 * 1024 - 100).fill(3);
    dialed.connection.send(frame);
    await far.until(() => far.frames.length === 1);
    expect(Buffer.compare(far.frames[0]!, frame)).toBe(0);
  });

  test('keeps connections apart', async () => {
    const [first] = await connect();
    const [second] = await connect();
    first.connection.send(Uint8Array.of(1));
    second.connection.send(Uint8Array.of(2));
    await accepted[0]!.until(() => accepted[0]!.frames.length === 1);
    await accepted[1]!.until(() => accepted[1]!.frames.length === 1);
    expect(accepted.map((end) => end.frames[0]![0])).toEqual([1, 2]);
  });
});
