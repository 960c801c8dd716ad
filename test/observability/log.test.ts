import { describe, expect, it } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import { createLog } from '../../src/observability/log.ts';

function aLog(level = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, version: '1.2.3', destination: { write: (line: string) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

const secret = 'hunter2-is-secret';

describe('a log line', () => {
  it('is one JSON object with the names of the Elastic Common Schema', () => {
    const { log, lines, last } = aLog();
    log.warn({ 'trace.id': 'abc', 'url.path': '/graphql' }, 'request failed');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith('}\n')).toBe(true);
    expect(last()).toEqual({
      'log.level': 'warn',
      '@timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      'service.name': 'heliograph',
      'service.version': '1.2.3',
      'trace.id': 'abc',
      'url.path': '/graphql',
      message: 'request failed',
    });
  });

  it('contains an error with its code, stack and causes', () => {
    const { log, last } = aLog();
    const cause = Object.assign(new Error('disk full'), { code: 'ERR_SQLITE_13' });
    log.error({ err: new DomainError('UNAVAILABLE', 'No answer.', { cause }), what: 'store thread' }, 'failed');
    expect(last()).toMatchObject({
      'log.level': 'error',
      what: 'store thread',
      error: {
        type: 'DomainError',
        code: 'UNAVAILABLE',
        message: 'No answer.',
        stack_trace: expect.stringContaining('log.test.ts'),
        cause: { type: 'Error', code: 'ERR_SQLITE_13', message: 'disk full' },
      },
    });
  });

  it('survives errors that cause each other, and thrown values that are not errors', () => {
    const { log, last } = aLog();
    const error = new Error('first');
    error.cause = new Error('second', { cause: error });
    log.error({ err: error }, 'round');
    expect(last()).toMatchObject({ error: { message: 'first', cause: { message: 'second' } } });
    log.error({ err: 'only a text' }, 'thrown');
    expect(last()).toMatchObject({ error: { message: 'only a text' } });
  });

  it('omits lines below the level', () => {
    const { log, lines } = aLog('warn');
    log.info({}, 'not now');
    log.warn({}, 'now');
    expect(lines).toHaveLength(1);
  });
});

describe('a log never shows', () => {
  it.each([
    'authorization',
    'Authorization',
    'AUTHORIZATION',
    'cookie',
    'token',
    'accessToken',
    'refreshToken',
    'password',
    'passwordHash',
    'secret',
    'jwtSecret',
    'text',
    'body',
    'data',
    'variables',
    'connectionParams',
  ])('%s, wherever it lies', (name) => {
    const { log, lines } = aLog();
    log.info({ [name]: secret }, 'at the top');
    log.info({ request: { headers: { [name]: secret } } }, 'in headers');
    log.info({ a: { b: { c: { d: [{ [name]: { inner: secret } }] } } } }, 'deep, in a list');
    log.info({ a: { b: { c: { d: { e: { f: { g: { [name]: secret } } } } } } } }, 'deeper than anybody looks');
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain(secret);
  });

  it('other properties of an error', () => {
    const { log, lines } = aLog();
    const error = Object.assign(new Error('refused'), { input: { note: secret }, code: { note: secret } });
    log.error({ err: error }, 'failed');
    log.error({ nested: { error } }, 'failed');
    log.error(error);
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toContain(secret);
  });
});
