/** Sends during faults: the answered messages, and the messages with an unknown outcome, which must be resent. */
import { randomUUID } from 'node:crypto';
import { codeOf } from './faults.ts';
import type { TestUser } from './heliograph.ts';

interface Draft {
  readonly user: TestUser;
  readonly to: { userId: string } | { conversationId: string };
  readonly text: string;
}

export interface Sent extends Draft {
  readonly id: string;
  readonly seq: string;
}

/** A send that failed in a way which repeating it would not change. */
class Refused extends Error {}

export class Sends {
  /** By `clientMessageId`. */
  readonly answered = new Map<string, Sent>();
  readonly unknown = new Map<string, Draft>();
  private isStopped = false;

  async send(draft: Draft, clientMessageId: string = randomUUID()): Promise<void> {
    const { user, to, text } = draft;
    this.unknown.set(clientMessageId, draft);
    const answer = await user.sendRaw({ to, text, clientMessageId });
    const sent = answer.data?.sendMessage?.sentMessage;
    if (sent === undefined) {
      const code = codeOf(answer);
      if (code !== 'UNAVAILABLE' && code !== 'OVERLOADED') throw new Refused(JSON.stringify(answer.errors));
      return;
    }
    const before = this.answered.get(clientMessageId);
    if (before !== undefined && (before.id !== sent.id || before.seq !== sent.seq))
      throw new Refused(`${text} was ${before.seq} and is ${sent.seq}`);
    this.answered.set(clientMessageId, { ...draft, id: sent.id, seq: sent.seq });
    this.unknown.delete(clientMessageId);
  }

  /** Sends one after the other until `stop`. Messages without an answer are left for `resend`. */
  async keepSending(user: TestUser, to: Draft['to']): Promise<void> {
    this.isStopped = false;
    while (!this.isStopped) {
      await this.send({ user, to, text: `text ${randomUUID()}` }).catch((error: unknown) => {
        if (error instanceof Refused) throw error;
      });
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  /** Resolves when so many more have been answered. */
  async more(count: number): Promise<void> {
    const goal = this.answered.size + count;
    while (this.answered.size < goal) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Finds the outcome of messages without an answer. */
  async resend(): Promise<void> {
    for (let tries = 0; this.unknown.size > 0; tries += 1) {
      if (tries > 20) throw new Error(`${this.unknown.size} sends are not taken`);
      for (const [clientMessageId, draft] of [...this.unknown]) await this.send(draft, clientMessageId);
    }
  }
}
