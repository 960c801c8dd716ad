import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { startSilentProxy } from '../support/silent-proxy.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Runs a program of `examples/` against a server, as its users do. */
async function run(name: string, ...parameters: string[]): Promise<{ code: number | null; output: string }> {
  const program = new URL(`../../examples/${name}`, import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...parameters]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  // Names are generated on each run.
  return { code, output: output.replaceAll(/(alice|bob)_\w{8}/g, '$1') };
}

const firstConversation = [
  '#1 alice: Hello!',
  'Bob is offline and misses nothing:',
  '#2 alice: Are you there?',
  '#3 alice: Call me.',
  'Alice sees that "Call me." is READ.',
];

describe('the programs of examples/', () => {
  it.each([
    ['first-conversation.js', firstConversation],
    ['apollo.ts', ['#1 Hello from Apollo Client! (READ)', '#2 Hello back! (SENT)']],
    ['urql.ts', ['#1 Hello from urql! (SENT)']],
  ])('%s runs as it stands', async (name, lines) => {
    expect(await run(name, server.url)).toEqual({ code: 0, output: `${lines.join('\n')}\n` });
  });

  it('first-conversation.js goes on when its connection dies silently before a message', async () => {
    await using proxy = await startSilentProxy(() => server.url);
    proxy.silenceAfter('StreamReady');
    const { code, output } = await run('first-conversation.js', `http://127.0.0.1:${proxy.port}`, '2000');
    expect({ code, output }).toEqual({ code: 0, output: `${firstConversation.join('\n')}\n` });
  }, 30_000);

  it('first-conversation.js subscribes again when the server cannot start its stream for the moment', async () => {
    const { streams } = server.heliograph.services;
    const unavailable = () => new DomainError('UNAVAILABLE', 'A store does not answer.');
    const spy = vi.spyOn(streams, 'open').mockReturnValueOnce({ open: () => Promise.reject(unavailable()) });
    expect(await run('first-conversation.js', server.url)).toEqual({
      code: 0,
      output: `${firstConversation.join('\n')}\n`,
    });
    // Two streams, one of which took two attempts.
    expect(spy).toHaveBeenCalledTimes(3);
    spy.mockRestore();
  });

  it.each(['first-conversation.js', 'apollo.ts', 'urql.ts'])('%s fails without a server', async (name) => {
    const { code, output } = await run(name, 'http://127.0.0.1:1');
    expect(code).not.toBe(0);
    expect(output).toContain('fetch failed');
  });
});
