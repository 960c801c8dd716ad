/** Structured logs, one JSON object a line, with the field names of the Elastic Common Schema. */
import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/** What must never be in a log, wherever it appears: secrets, and what people write. */
const hidden = [
  'authorization',
  'Authorization',
  'token',
  'accessToken',
  'refreshToken',
  'password',
  'secret',
  'text',
  'body',
  'data',
  'variables',
];

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
      formatters: { level: (label) => ({ 'log.level': label }) },
      redact: { paths: hidden.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
      serializers: { err: describeError },
    },
    destination ?? pino.destination({ sync: false }),
  );
}

/** An error with its causes. Only names, codes, messages and stacks: other properties may hold what a client sent. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { 'error.message': String(error) };
  return {
    'error.type': error.name,
    'error.code': (error as { code?: unknown }).code,
    'error.message': error.message,
    'error.stack_trace': error.stack,
    ...(error.cause === undefined ? {} : { 'error.cause': describeError(error.cause) }),
  };
}
