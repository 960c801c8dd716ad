/** The tests of the API that depend on the message store most, with a server on MongoDB. */
import { describe, vi } from 'vitest';
import { useStores } from '../../support/server-stores.ts';
import { mongoRequirement } from '../../support/servers/mongodb.ts';
import { sharedMongoUrl } from '../../support/servers/shared-mongo.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
useStores(async () => {
  const { url, drop } = await sharedMongoUrl();
  return { env: { MONGO_URL: url }, remove: drop };
});

const suites = {
  'chat.test.ts': () => import('../../api/chat.test.ts'),
  'offline-messages.test.ts': () => import('../../api/offline-messages.test.ts'),
  'stream.test.ts': () => import('../../api/stream.test.ts'),
  'history.test.ts': () => import('../../api/history.test.ts'),
  'receipts.test.ts': () => import('../../api/receipts.test.ts'),
  'conversation-list.test.ts': () => import('../../api/conversation-list.test.ts'),
  'fan-out-mode.test.ts': () => import('../../api/fan-out-mode.test.ts'),
  'groups.test.ts': () => import('../../api/groups.test.ts'),
  'strange-text.test.ts': () => import('../../api/strange-text.test.ts'),
};

describe.skipIf(!mongoRequirement.isMet)(`on MongoDB${mongoRequirement.note}`, () => {
  for (const [file, load] of Object.entries(suites)) {
    describe(file, async () => {
      await load();
    });
  }
});
