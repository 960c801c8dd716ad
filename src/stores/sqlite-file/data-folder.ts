/**
 * Locks the data folder for this process. Two processes on one folder would each number messages by their own memory, so the second
 * must not start. The lock belongs to the operating system and always ends with its process, so there is never a stale lock to
 * remove.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../domain/errors.ts';
import { createPrivateFile, makeFolderPrivate } from './private-files.ts';

const lockFile = 'heliograph.lock';
/** Long enough for the previous process to finish ending. */
const waitMs = 1_000;
const sqliteBusy = 5;

/**
 * Creates the folder if it is missing, protects it and its files from other users, and locks it until disposal.
 *
 * @param onError - receives the paths that stay open to other users
 * @throws StartError: the folder cannot be used, or another process uses it
 */
export function openDataFolder(dataDir: string, onError: (error: unknown, what: string) => void): Disposable {
  const path = resolve(dataDir);
  try {
    // It contains messages, and the secret that signs tokens.
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartError(`DATA_DIR ${path} ${problemWithFolder(error as NodeJS.ErrnoException)}`, { cause: error });
  }
  let lock: DatabaseSync | undefined;
  try {
    createPrivateFile(join(path, lockFile));
    lock = new DatabaseSync(join(path, lockFile), { timeout: waitMs });
    // The file is never written to, so that no crash can damage it.
    lock.exec('BEGIN EXCLUSIVE');
    const open = makeFolderPrivate(path);
    if (open.length > 0) onError(new Error(`Other users may have access to ${open.join(', ')}`), 'data folder');
  } catch (error) {
    lock?.close();
    const isBusy = (error as { errcode?: number }).errcode === sqliteBusy;
    if (isBusy) throw new FolderInUse(path, { cause: error });
    throw new StartError(`DATA_DIR ${path} cannot be written to: ${(error as Error).message}.`, { cause: error });
  }
  const held = lock;
  return {
    [Symbol.dispose]: () => held.close(),
  };
}

/** Another process holds the folder. */
export class FolderInUse extends StartError {
  constructor(path: string, options: ErrorOptions) {
    super(
      `DATA_DIR ${path} is in use by another Heliograph process. Stop that process, or choose another folder.`,
      options,
    );
  }
}

function problemWithFolder({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'is a file or inside a file; it must be a folder.';
  return `cannot be created: ${message}.`;
}
