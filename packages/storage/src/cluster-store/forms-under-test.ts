// The forms of ClusterStore as their tests use them: how each is started, ended and broken. Not part of the package's face.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterStore, SeededRandom, SystemClock } from '@muster/ports';
import { Etcd3 } from 'etcd3';
import { EtcdStore } from '../etcd-store/store.js';
import { findProgram, LocalEtcd } from '../etcd-store/system-local-etcd.js';
import { MemoryStoreServer } from '../memory-store/server.js';
import { MemoryStore } from '../memory-store/store.js';

/** A store with clients, and what can befall it. */
export interface Form {
  start(): Promise<void>;
  end(): Promise<void>;
  connect(): ClusterStore;
  compact(revision: number): Promise<void>;
  /** Dead: nobody listens. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Hanging: connections stay, nothing is answered. */
  pause(): void;
  resume(): void;
}

export const clock = new SystemClock();

export function memoryForm(): Form {
  let server = new MemoryStoreServer({ clock });
  return {
    start: async () => {
      server = new MemoryStoreServer({ clock });
    },
    end: async () => server.close(),
    connect: () => new MemoryStore({ clock, server }),
    compact: async (revision) => server.compact(revision),
    down: async () => server.stop(),
    up: async () => server.start(),
    pause: () => server.stall(),
    resume: () => server.resume(),
  };
}

export function etcdForm(): Form {
  let etcd: LocalEtcd | undefined;
  let folder = '';
  const launch = async (clientPort?: number) => {
    const program = findProgram('etcd', process.env);
    etcd = await LocalEtcd.start({ program, folder, ...(clientPort ? { clientPort } : {}) });
  };
  return {
    start: async () => {
      folder = mkdtempSync(join(tmpdir(), 'muster-etcd-'));
      await launch();
    },
    end: async () => {
      await etcd?.kill();
      rmSync(folder, { recursive: true, force: true });
    },
    connect: () => new EtcdStore({ hosts: [etcd!.url], clock, random: new SeededRandom(1) }),
    compact: async (revision) => {
      const client = new Etcd3({ hosts: etcd!.url });
      await client.kv.compact({ revision });
      client.close();
    },
    down: () => etcd!.kill(),
    up: () => launch(etcd!.clientPort),
    pause: () => etcd!.pause(),
    resume: () => etcd!.resume(),
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(ms, resolve);
  });
}

/** Tries until it does not throw; the last error, where it never stops. */
export async function eventually(attempt: () => unknown, limitMs = 8_000): Promise<void> {
  const until = clock.monotonic() + limitMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (clock.monotonic() > until) throw error;
    }
    await pause(10);
  }
}
