/**
 * Calls to MongoDB.
 *
 * Invariants
 * - A call is answered within its deadline: `maxTimeMS` ends its commands in the server, and a timer answers the caller even if the
 *   server is frozen. No command starts after the deadline. One that is in progress may still take effect, and the driver repeats it
 *   once if its connection is lost: the outcome is unknown.
 * - A read sees every write that was answered before it, even after another server became the primary: each command waits until
 *   the time of the last answered write is part of the majority's data (a causally consistent session).
 * - A session belongs to one command, because the server orders a session's writes by their numbers.
 */
import type { mongo } from 'mongoose';
import { inTime } from '../../domain/deadline.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import { isBug, isUniqueViolationOnly } from './mongo-errors.ts';

/** Belong to every command of a call. */
export interface CommandOptions {
  readonly session: mongo.ClientSession;
  readonly maxTimeMS: number;
}

/** One call of a port method. */
export interface Call {
  command<T>(run: (options: CommandOptions) => Promise<T>): Promise<T>;
}

/** The methods of a port, each with its call as an additional first parameter. */
export type WithCall<Port> = {
  readonly [Name in keyof Port]: Port[Name] extends (...args: infer Args) => Promise<infer Answer>
    ? (call: Call, ...args: Args) => Promise<Answer>
    : never;
};

export type MongoCalls = ReturnType<typeof createMongoCalls>;

export function createMongoCalls({ client, timeoutMs }: { client: mongo.MongoClient; timeoutMs: Millis }) {
  let pending = 0;
  let answered: mongo.Timestamp | null = null;

  function begin(): Call {
    const deadline = performance.now() + timeoutMs;
    return {
      async command(run) {
        const maxTimeMS = Math.floor(deadline - performance.now());
        if (maxTimeMS < 1) throw late();
        const session = client.startSession({ causalConsistency: true });
        if (answered !== null) session.advanceOperationTime(answered);
        try {
          const answer = await run({ session, maxTimeMS });
          note(session.operationTime);
          return answer;
        } catch (error) {
          // The row that has the key may be newer than every write of this process.
          if (isUniqueViolationOnly(error)) note(session.operationTime);
          throw error;
        } finally {
          void session.endSession().catch(() => {});
        }
      },
    };
  }

  function note(time: mongo.Timestamp | undefined): void {
    if (time !== undefined && (answered === null || time.greaterThan(answered))) answered = time;
  }

  async function run<T>(call: (call: Call) => Promise<T>): Promise<T> {
    pending += 1;
    try {
      return await inTime(call(begin()), timeoutMs, late);
    } catch (error) {
      if (error instanceof DomainError || isBug(error)) throw error;
      throw new DomainError('UNAVAILABLE', 'Message store did not answer.', { cause: error });
    } finally {
      pending -= 1;
    }
  }

  return {
    run,

    /** A port whose methods run as calls. */
    serve<Port extends object>(methods: WithCall<Port>): Port {
      const served = Object.entries(methods).map(([name, method]) => [
        name,
        (...args: unknown[]) =>
          // biome-ignore lint/plugin: as many as the method has parameters
          run((call) => (method as (call: Call, ...rest: unknown[]) => Promise<unknown>)(call, ...args)),
      ]);
      return Object.fromEntries(served) as Port;
    },

    /** Number of calls without an answer yet. */
    get pending(): number {
      return pending;
    },
  };
}

function late(): DomainError {
  return new DomainError('UNAVAILABLE', 'Message store did not answer in time.');
}
