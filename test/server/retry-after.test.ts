/** Clients that wait for `retryAfterMs`: each of many waiting clients succeeds after few refusals. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { sendLimit } from '../../src/services/messages/message-service.ts';
import { startServer } from '../support/heliograph.ts';

it('sends that are refused together succeed on about their first retry', async () => {
  let now = Date.parse('2026-03-10T12:00:00Z');
  const scale = 0.2;
  await using server = await startServer({ RATE_LIMIT_SCALE: String(scale) }, Date.now, () => now);
  const [alice, bob] = [await server.user(), await server.user()];
  const { conversationId } = await alice.send({ userId: bob.id }, 'first');

  const waiting = 60;
  const total = sendLimit.points * scale - 1 + waiting;
  let [sent, refusals] = [0, 0];
  /** When each message that was refused is sent again. */
  let due = Array.from({ length: total }, () => now);
  while (due.length > 0) {
    now = Math.min(...due);
    const ready = due.filter((at) => at <= now);
    due = due.filter((at) => at > now);
    const answers = await Promise.all(
      ready.map(() => alice.sendRaw({ to: { conversationId }, text: 'x', clientMessageId: randomUUID() })),
    );
    for (const { errors } of answers) {
      if (errors === undefined) sent += 1;
      else {
        expect(errors[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', limit: 'sends' });
        refusals += 1;
        due.push(now + Number(errors[0]?.extensions.retryAfterMs));
      }
    }
    if (refusals > 10 * waiting) break;
  }
  expect(sent).toBe(total);
  expect(refusals).toBeLessThanOrEqual(1.1 * waiting);
});
