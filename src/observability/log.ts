/** Structured logs, one JSON object per line, with the field names of the Elastic Common Schema. */
import pino, { type DestinationStream, type Logger } from 'pino';

/** Without `child`: fields bound to a child logger would bypass `hideFields`. */
export type Log = Pick<Logger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'flush'>;

/** Names of fields that must not be logged at any depth: secrets, and users' texts. In lower case; names match in any case. */
const hiddenNames = new Set([
  'authorization',
  'cookie',
  'token',
  'accesstoken',
  'refreshtoken',
  'password',
  'passwordhash',
  'secret',
  'jwtsecret',
  'text',
  'body',
  'data',
  'variables',
  'connectionparams',
]);
/** Deeper fields are not useful to a reader. */
const depthMax = 6;
const causesMax = 5;

/** @param destination - receives the lines; standard output by default */
export function createLog({
  level,
  version,
  destination,
}: {
  level: string;
  version: string;
  destination?: DestinationStream;
}): Log {
  return pino(
    {
      level,
      base: { 'service.name': 'heliograph', 'service.version': version },
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ 'log.level': label }), log: hideFields },
    },
    destination ?? openStandardOutput(),
  );
}

/** Maximum size of the waiting lines, in characters. Further lines are dropped: the server keeps running without its log. */
const waitingMax = 4 * 1024 * 1024;

/** Standard output may be a file on a full disk: lines are kept and retried with the next one, and the server never waits for them. */
function openStandardOutput(): DestinationStream {
  const lines = pino.destination({ sync: false, maxLength: waitingMax });
  // Without a listener, the first failed write would end the process.
  lines.on('error', () => {});
  // pino's version repeats a failed write until it succeeds, even at exit: the process would hang. The lines are already being written.
  lines.flushSync = () => {};
  return lines;
}

/** Copies the fields of a line. An error given as `err`, pino's convention, becomes the `error` of ECS. */
function hideFields({ err, ...fields }: Record<string, unknown>): Record<string, unknown> {
  const shown = hide(fields, 0) as Record<string, unknown>;
  return err === undefined ? shown : { ...shown, error: describeError(err) };
}

function hide(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (depth >= depthMax) return '[too deep]';
  if (Array.isArray(value)) return value.map((inner) => hide(inner, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      hiddenNames.has(name.toLowerCase()) ? '[hidden]' : hide(inner, depth + 1),
    ]),
  );
}

/** An error with its causes. Only names, codes, messages and stacks: other properties may contain a client's data. */
function describeError(error: unknown, causes = 0): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    message: error.message,
    stack_trace: error.stack,
    ...(error.cause === undefined || causes >= causesMax ? {} : { cause: describeError(error.cause, causes + 1) }),
  };
}
