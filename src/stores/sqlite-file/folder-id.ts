/** The identity of a data folder, which it keeps for ever: data that is stored elsewhere belongs to one folder. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads the id of a folder that is locked by this process; a new folder gets one. */
export function folderId(dataDir: string): string {
  const path = join(dataDir, 'folder-id');
  if (!existsSync(path)) {
    const draft = `${path}.new`;
    writeFileSync(draft, randomUUID(), { mode: 0o600, flush: true });
    // In one step, so that a crash leaves no empty id.
    renameSync(draft, path);
  }
  return readFileSync(path, 'utf8').trim();
}
