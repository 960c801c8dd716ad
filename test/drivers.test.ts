import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config/config.ts';
import { StartError } from '../src/domain/errors.ts';
import { openDrivers } from '../src/drivers.ts';
import { temporaryFolder } from './support/folders.ts';

const secret = 'a secret of at least thirty-two characters';

const failOnError = (error: unknown): never => {
  throw error;
};

function open(env: Record<string, string>) {
  return openDrivers({
    config: readConfig(env),
    clock: Date.now,
    elapsed: () => 0,
    onError: failOnError,
    onWaiting: async (_, error) => failOnError(error),
  });
}

/** Why no drivers are opened for these settings. */
async function problemWith(env: Record<string, string>): Promise<string> {
  using folder = temporaryFolder();
  const error = await open({ DATA_DIR: folder.path, JWT_SECRET: secret, ...env }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StartError);
  expect(readdirSync(folder.path)).toEqual([]);
  return (error as StartError).message;
}

describe('the choice of drivers', () => {
  it('is the embedded ones where no URL is set', async () => {
    using folder = temporaryFolder();
    await using drivers = await open({ DATA_DIR: folder.path });
    await drivers.messageStore.check();
    await drivers.directory.ping();
    expect(readdirSync(folder.path)).toEqual(
      expect.arrayContaining(['directory.db', 'heliograph.lock', 'journal.db', 'messages.db']),
    );
  });

  it.each(['MONGO_URL', 'MYSQL_URL', 'REDIS_URL'])('refuses a scheme in %s that no driver serves', async (name) => {
    expect(await problemWith({ [name]: 'nosuch://user:secret@127.0.0.1/db' })).toBe(
      `${name} does not support nosuch:. Unset it to run embedded, on files in DATA_DIR.`,
    );
    expect(await problemWith({ [name]: 'embedded://127.0.0.1/' })).toMatch(`${name} does not support embedded:.`);
  });

  it('names every unsupported URL, and every invalid one', async () => {
    const problem = await problemWith({ MONGO_URL: 'mongodb', MYSQL_URL: 'nosuch://127.0.0.1', REDIS_URL: 'nosuch:' });
    expect(problem).toMatch(/^MONGO_URL is not a URL; MYSQL_URL does not support nosuch:; REDIS_URL .*nosuch:\. Unset/);
  });

  it('refuses MYSQL_URL beside a folder that has users of its own', async () => {
    using folder = temporaryFolder();
    await (await open({ DATA_DIR: folder.path }))[Symbol.asyncDispose]();
    const env = { DATA_DIR: folder.path, JWT_SECRET: secret, MYSQL_URL: 'mysql://u:hidden@127.0.0.1:1/db' };
    await expect(open(env)).rejects.toThrow(/^MYSQL_URL is set, but DATA_DIR .* has users of its own/);
  });

  it('leaves the folder to the next one when it is closed, and when it fails to open', async () => {
    using folder = temporaryFolder();
    for (const _ of [1, 2]) {
      await using _drivers = await open({ DATA_DIR: folder.path });
      await expect(open({ DATA_DIR: folder.path })).rejects.toThrow('is in use by another Heliograph process');
    }
  });
});
