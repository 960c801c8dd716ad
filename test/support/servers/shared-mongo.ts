/** One MongoDB server for all tests of a file: the developer's own, or one that is started for the first test that needs it. */

import { mongo } from 'mongoose';
import { afterAll } from 'vitest';
import { type MongodServer, mongoRequirement, newDatabase, startMongod } from './mongodb.ts';

let starting: Promise<MongodServer> | null = null;
afterAll(async () => {
  const server = await starting;
  starting = null;
  await server?.[Symbol.asyncDispose]();
});

/** The URL of a database for one test, and the function that removes it. */
export async function sharedMongoUrl(): Promise<{ url: string; drop: () => Promise<void> }> {
  const url = await urlOf(newDatabase());
  return {
    url,
    async drop() {
      const client = await mongo.MongoClient.connect(url);
      await client.db().dropDatabase();
      await client.close();
    },
  };
}

async function urlOf(database: string): Promise<string> {
  if (mongoRequirement.url !== null) {
    const own = new URL(mongoRequirement.url);
    own.pathname = database;
    return own.href;
  }
  starting ??= startMongod();
  return (await starting).url(database);
}
