/** Starts with a MongoDB server that cannot be used, or not yet. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/free-port.ts';
import { eventually } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type MongodServer, mongoRequirement, startMongod } from '../support/servers/mongodb.ts';
import { startOldMongod } from '../support/servers/old-mongod.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** The output of a server that cannot start with this URL. */
async function problemWith(url: string): Promise<string> {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path, MONGO_URL: url });
  expect(await server.failToStart()).toBe(1);
  expect(server.stderr).toContain('Heliograph cannot start. ');
  // Without a stack: the operator can solve it.
  expect(server.stderr).not.toContain('    at ');
  return server.stderr;
}

describe('a start without a usable MongoDB server', () => {
  it.each([
    ['no host', 'mongodb://'],
    ['a special character in the password', 'mongodb://app:pass/word@127.0.0.1/db'],
    ['an unknown option', 'mongodb://app:pass%2Fword@127.0.0.1/db?nosuch=1'],
    ['a port out of its range', 'mongodb://app:pass%2Fword@127.0.0.1:99999/db'],
    ['an option out of its range', 'mongodb://app:pass%2Fword@127.0.0.1/db?minPoolSize=many'],
  ])('names a malformed URL (%s) without its password', async (_what, url) => {
    const problem = await problemWith(url);
    expect(problem).toContain('MONGO_URL is not a valid MongoDB URL: ');
    expect(problem).toContain('mongodb://USER:PASSWORD@HOST:PORT/DATABASE');
    expect(problem).not.toContain('word@');
    expect(problem).not.toContain('pass%2Fword');
  });

  it('names an older server', async () => {
    await using old = await startOldMongod(13);
    expect(await problemWith(`mongodb://127.0.0.1:${old.port}/db`)).toContain(
      'The MongoDB server in MONGO_URL is older than 6.0. Upgrade it to 6.0 or a later version.',
    );
  });

  it('names a server that even the driver refuses as too old', async () => {
    await using old = await startOldMongod(6);
    expect(await problemWith(`mongodb://127.0.0.1:${old.port}/db`)).toContain('is older than 6.0. Upgrade it');
  });
});

describe.skipIf(mongoRequirement.program === null)(`a start with MongoDB${mongoRequirement.note}`, () => {
  it('names a server that is not a member of a replica set', async () => {
    await using mongod = await startMongod({ isReplicaSet: false });
    const problem = await problemWith(mongod.url());
    expect(problem).toContain('not a member of a replica set');
    expect(problem).toContain('Start it with --replSet and run rs.initiate() once');
  });

  describe('that asks for a password', () => {
    const folder = temporaryFolder();
    let mongod: MongodServer;
    const urlOf = (user: string, password = 'correct') =>
      `mongodb://${user}:${password}@127.0.0.1:${mongod.port}/db?authSource=admin`;

    beforeAll(async () => {
      const keyFile = join(folder.path, 'key');
      writeFileSync(keyFile, 'members of the set know this key', { mode: 0o600 });
      mongod = await startMongod({ args: ['--keyFile', keyFile] });
      await mongod.command({ createUser: 'root', pwd: 'correct', roles: ['root'] });
      const client = await mongo.MongoClient.connect(urlOf('root'));
      for (const [user, role] of [
        ['app', 'readWrite'],
        ['reader', 'read'],
      ])
        await client.db('admin').command({ createUser: user, pwd: 'correct', roles: [{ role, db: 'db' }] });
      await client.close();
    });
    afterAll(async () => {
      await mongod?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    });

    it('names a wrong password, and a missing one', async () => {
      const problem = await problemWith(urlOf('app', 'guessed'));
      expect(problem).toContain('MongoDB refuses the user name or the password in MONGO_URL.');
      expect(problem).not.toContain('guessed');
      expect(await problemWith(`mongodb://127.0.0.1:${mongod.port}/db`)).toContain('lacks a privilege');
    });

    it('names a missing privilege', async () => {
      const problem = await problemWith(urlOf('reader'));
      expect(problem).toContain('The MongoDB user in MONGO_URL lacks a privilege');
      expect(problem).toContain('Grant it the role readWrite on the database.');
    });

    it('needs no other privilege than readWrite on its database', async () => {
      using data = temporaryFolder();
      await using server = new ServerProcess({ DATA_DIR: data.path, MONGO_URL: urlOf('app') });
      await server.start();
      expect((await server.ready()).body).toMatchObject({ status: 'ready', degraded: [] });
    });
  });

  it('names a database of a newer version, and an index that was made otherwise', async () => {
    await using mongod = await startMongod();
    const client = await mongo.MongoClient.connect(mongod.url('newer'));
    await client
      .db('newer')
      .collection<{ _id: string; version: number }>('fact')
      .insertOne({ _id: 'schema', version: 99 });
    await client.db('other').collection('inbox').createIndex({ userId: 1, seq: 1 });
    await client.close();
    expect(await problemWith(mongod.url('newer'))).toContain('was written by a newer version of Heliograph (schema 99');
    expect(await problemWith(mongod.url('other'))).toContain('Drop that index; the next start makes the right one.');
  });

  it('is refused while the folder has messages of its own', async () => {
    await using mongod = await startMongod();
    using data = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: data.path });
    await server.start();
    await server.end('SIGTERM');
    server.env.MONGO_URL = mongod.url();
    expect(await server.failToStart()).toBe(1);
    expect(server.stderr).toContain(
      'has messages of its own, which would be hidden. Unset it, or choose another folder.',
    );
  });

  it('is refused on the messages of another folder, however often', async () => {
    await using mongod = await startMongod();
    using own = temporaryFolder();
    using other = temporaryFolder();
    const MONGO_URL = mongod.url();
    await using server = new ServerProcess({ DATA_DIR: own.path, MONGO_URL });
    await server.start();
    await using stranger = new ServerProcess({ DATA_DIR: other.path, MONGO_URL });
    for (const _ of [1, 2]) {
      expect(await stranger.failToStart()).toBe(1);
      expect(stranger.stderr).toContain('The MongoDB database has the messages of another DATA_DIR. Use that folder,');
    }
    await server.end('SIGKILL');
    await server.start();
  });

  it('waits for a server that cannot be reached, says so on its port, and then starts', async () => {
    await using mongod = await startMongod();
    await mongod.program.end('SIGKILL');
    using data = temporaryFolder();
    const PORT = await freePort();
    await using server = new ServerProcess({ DATA_DIR: data.path, MONGO_URL: mongod.url('db'), PORT });
    const started = server.start();
    server.url = `http://127.0.0.1:${PORT}`;
    await eventually(
      () =>
        fetch(`${server.url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      'answer',
      30_000,
    );
    const ready = await server.ready();
    expect(ready.status).toBe(503);
    expect(ready.body).toMatchObject({ status: 'starting', degraded: ['message-store'] });
    const refused = await fetch(`${server.url}/graphql`, { method: 'POST', body: '{}' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE', retryable: true } }] });
    expect(server.stdout).toContain('component cannot be reached; the start waits for it');
    await mongod.program.start();
    await started;
    expect((await server.ready()).body).toMatchObject({ status: 'ready', degraded: [] });
    const alice = await server.user();
    expect((await alice.send({ userId: alice.id }, 'hello')).status).toBe('SENT');
  });
});
