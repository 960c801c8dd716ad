/** A disk of its own that can be filled up. Needs the right to mount, which root has. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './folders.ts';

export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes all room but so much. */
  fill(leaveBytes: number): void;
  /** Frees the space that `fill` used. */
  clear(): void;
}

/** @returns null where mounting is not allowed */
export function smallDisk(bytes: number): SmallDisk | null {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'heliograph-test', folder.path], { stdio: 'ignore' });
  } catch {
    folder[Symbol.dispose]();
    return null;
  }
  const ballast = join(folder.path, 'ballast');
  return {
    path: folder.path,
    fill(leaveBytes) {
      const file = openSync(ballast, 'w');
      const block = Buffer.alloc(64 * 1024);
      let written = 0;
      try {
        for (;;) written += writeSync(file, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
      if (leaveBytes > 0) execFileSync('truncate', ['-s', String(Math.max(0, written - leaveBytes)), ballast]);
    },
    clear() {
      rmSync(ballast, { force: true });
    },
    [Symbol.dispose]() {
      execFileSync('umount', ['-l', folder.path]);
      folder[Symbol.dispose]();
    },
  };
}
