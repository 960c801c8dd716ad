/** Structured logs, one JSON object a line, with the field names of the Elastic Common Schema. */
import pino, { type DestinationStream, type Logger } from 'pino';

/** Without `child`: what is bound to a child logger would not pass through `hideFields`. */
export type Log = Pick<Logger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'flush'>;

/** What must never be in a log, however deep it lies: secrets, and what people write. In lower case; any case is hidden. */
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
/** What lies deeper is no field anybody looks for. */
const depthMax = 6;
const causesMax = 5;

/** @param destination - where lines go; standard output when left out */
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

/** Lines that wait to be written, in characters. What is more is dropped: a server goes on without its log. */
const waitingMax = 4 * 1024 * 1024;

/** Standard output may be a file on a disk that is full: lines are held, tried again with the next one, and never waited for. */
function openStandardOutput(): DestinationStream {
  const lines = pino.destination({ sync: false, maxLength: waitingMax });
  // Without a listener the first failed write would end the process.
  lines.on('error', () => {});
  // It repeats a failed write until it succeeds, at exit too: the process would stand still for ever. Lines are under way already.
  lines.flushSync = () => {};
  return lines;
}

/** Copies the fields of a line; an error given as `err`, as pino has it, becomes ECS' `error`. */
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

/** An error with its causes. Only names, codes, messages and stacks: other properties may hold what a client sent. */
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
