/**
 * Protects the data from other users of the machine: files for the owner only (0600), in a folder for the owner only (0700). Files
 * beside a database (`-wal`, `-shm`) get the permissions of the database when SQLite creates them. Windows does not have such
 * permissions; its access lists apply instead.
 */
import { chmodSync, closeSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ownFolder = 0o700;
const ownFile = 0o600;
const othersMask = 0o077;
/** Set on folders such as /tmp, which all users share. */
const stickyBit = 0o1000;
/** Files of Heliograph, of any release. */
const ourFiles = /^(jwt-secret|folder-id|.+\.(db|lock)(-(wal|shm|journal))?)$/;

/** Creates a file for the owner only. An existing file stays unchanged. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, 'a', ownFile));
}

/**
 * Removes other users' permissions from an existing folder and the files in it.
 *
 * @returns the paths whose permissions could not be changed, such as files of another owner
 */
export function makeFolderPrivate(folder: string): string[] {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && ourFiles.test(entry.name))
    .map(({ name }) => join(folder, name));
  const failed = files.filter((path) => !makePrivate(path, ownFile));
  const isEverybodys = (lstatSync(folder).mode & stickyBit) !== 0;
  return isEverybodys || makePrivate(folder, ownFolder) ? failed : [folder, ...failed];
}

function makePrivate(path: string, mode: number): boolean {
  if (process.platform === 'win32' || (lstatSync(path).mode & othersMask) === 0) return true;
  try {
    chmodSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
