import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { openDrivers } from '../../../src/drivers.ts';
import { temporaryFolder } from '../../support/folders.ts';

const failOnError = (error: unknown) => {
  throw error;
};

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** Opens everything in the folder and writes to it. Returns the modes of the resulting files, by name. */
async function modesOfUsed(dataDir: string): Promise<Record<string, string>> {
  const config = readConfig({ DATA_DIR: dataDir });
  await using drivers = await openDrivers({
    config,
    clock: Date.now,
    elapsed: () => 0,
    onError: failOnError,
    onWaiting: failOnError,
  });
  await drivers.messageStore.receipts.raise([{ conversationId: '1', userId: '7', deliveredSeq: 1n, readSeq: 1n }]);
  await drivers.directory.ping();
  return Object.fromEntries(readdirSync(dataDir).map((name) => [name, modeOf(join(dataDir, name))]));
}

describe.skipIf(process.platform === 'win32')('the data folder', () => {
  it('is for its owner only, with every file in it, regardless of the process’s umask', async () => {
    using folder = temporaryFolder();
    const dataDir = join(folder.path, 'data');
    const mask = process.platform === 'win32' ? 0 : process.umask(0);
    try {
      const modes = await modesOfUsed(dataDir);
      expect(Object.keys(modes)).toEqual(
        expect.arrayContaining([
          'directory.db-wal',
          'heliograph.lock',
          'journal.db-shm',
          'messages.db',
          'messages.db-wal',
        ]),
      );
      expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
      expect(modeOf(dataDir)).toBe('700');
    } finally {
      process.umask(mask);
    }
  });

  it('becomes so when it exists already, and leaves the files of others alone', async () => {
    using folder = temporaryFolder();
    await modesOfUsed(folder.path);
    writeFileSync(join(folder.path, 'jwt-secret'), 'secret');
    writeFileSync(join(folder.path, 'README'), 'not ours');
    for (const name of readdirSync(folder.path)) chmodSync(join(folder.path, name), 0o664);
    chmodSync(folder.path, 0o755);
    const { README, ...ours } = await modesOfUsed(folder.path);
    expect(README).toBe('664');
    expect(new Set(Object.values(ours))).toEqual(new Set(['600']));
    expect(modeOf(folder.path)).toBe('700');
  });

  it('stays shared if it has the sticky bit, with files for their owner only', async () => {
    using folder = temporaryFolder();
    const everybodys = join(folder.path, 'tmp');
    mkdirSync(everybodys);
    chmodSync(everybodys, 0o1777);
    expect(new Set(Object.values(await modesOfUsed(everybodys)))).toEqual(new Set(['600']));
    expect(modeOf(everybodys)).toBe('777');
  });
});
