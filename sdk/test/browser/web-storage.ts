import type { WebStorage } from '../../src/tracker/browser/store.js';

/**
 * A Web Storage for tests without a browser: like the real one, its names are its own properties. It can be told to be
 * full (`room` characters) or broken.
 */
export interface FakeStorage extends WebStorage {
  [name: string]: unknown;
}

export interface Disk {
  storage: FakeStorage;
  room: number;
  broken: boolean;
  used(): number;
  copy(): Disk;
}

export function createDisk(from: Record<string, string> = {}): Disk {
  const storage = { ...from } as FakeStorage;
  const hide = (name: string, value: unknown) =>
    Object.defineProperty(storage, name, { value, enumerable: false, writable: true });
  const check = () => {
    if (disk.broken) throw new Error('SecurityError');
  };
  const disk: Disk = {
    storage,
    room: Number.POSITIVE_INFINITY,
    broken: false,
    used: () => Object.entries(storage).reduce((sum, [name, text]) => sum + name.length + String(text).length, 0),
    copy: () => createDisk(Object.fromEntries(Object.entries(storage)) as Record<string, string>),
  };
  hide('getItem', (name: string) => {
    check();
    return Object.hasOwn(storage, name) ? storage[name] : null;
  });
  hide('setItem', (name: string, text: string) => {
    check();
    if (Number.isFinite(disk.room)) {
      const before = Object.hasOwn(storage, name) ? name.length + String(storage[name]).length : 0;
      if (disk.used() - before + name.length + text.length > disk.room) throw new Error('QuotaExceededError');
    }
    storage[name] = text;
  });
  hide('removeItem', (name: string) => {
    check();
    delete storage[name];
  });
  return disk;
}
