import { expect, it } from 'vitest';
import { startServer } from '../support/heliograph.ts';
import { startIdentityProvider } from '../support/identity-provider.ts';

it('a change of hundreds of members has the total, and shows the first 200', async () => {
  await using provider = await startIdentityProvider();
  await using server = await startServer({ ...provider.env, JWT_SECRET: 's'.repeat(32), PASSWORD_SIGN_IN: 'true' });
  const owner = await server.user();
  const ids = await Promise.all(
    Array.from({ length: 230 }, async (_, index) => {
      const token = await provider.sign({ sub: `user${index}` });
      const { data } = await server.post('{ viewer { user { id } } }', {}, token);
      return data?.viewer.user.id as string;
    }),
  );
  const { createGroup } = await owner.ask(
    `mutation ($ids: [ID!]!) { createGroup(input: { title: "many", memberIds: $ids }) { conversation {
      memberCount lastMessage { systemEvent { userCount users { id } } } } } }`,
    { ids },
  );
  const { userCount, users } = createGroup.conversation.lastMessage.systemEvent;
  expect([createGroup.conversation.memberCount, userCount, users.length]).toEqual([231, 231, 200]);
});
