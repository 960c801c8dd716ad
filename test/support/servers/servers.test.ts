import { describe, expect, it, vi } from 'vitest';
import { mysqlRequirement, startMariadb } from './mariadb.ts';
import { requireServer } from './requirement.ts';
import { acceptsConnections, ServerProgram } from './server-program.ts';

// Servers are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const missing = {
  name: 'Nosuch',
  program: 'nosuchd',
  install: 'apt-get install nosuch',
  urlVariable: 'TEST_NOSUCH_URL',
};

describe('a server that tests need', () => {
  it('is skipped with a reason where it is missing, and fails in CI', () => {
    const { isMet, note } = requireServer(missing, { PATH: '/bin' });
    expect({ isMet, note }).toEqual({
      isMet: false,
      note: ' (needs Nosuch: apt-get install nosuch, or set TEST_NOSUCH_URL)',
    });
    expect(() => requireServer(missing, { PATH: '/bin', CI: 'true' })).toThrow('Nosuch is missing (needs Nosuch:');
  });

  it('is the program on the path, or a server that a developer names', () => {
    const shell = { ...missing, program: 'sh' };
    expect(requireServer(shell, { PATH: '/nosuch:/bin', CI: 'true' })).toMatchObject({ program: '/bin/sh', note: '' });
    const env = { PATH: '/nosuch', TEST_NOSUCH_URL: 'nosuch://127.0.0.1/', CI: 'true' };
    expect(requireServer(missing, env)).toEqual({ url: env.TEST_NOSUCH_URL, program: null, isMet: true, note: '' });
  });

  it('says why it does not start', async () => {
    const args = ['-c', 'echo no room >&2; exit 3'];
    await using server = new ServerProgram({ program: '/bin/sh', args, isReady: async () => false });
    await expect(server.start()).rejects.toThrow(/did not start: it ended with 3\nno room/);
  });
});

describe.skipIf(mysqlRequirement.program === null)(`a MariaDB server${mysqlRequirement.note}`, () => {
  it('starts, ends, starts again on its port, and leaves nothing behind', async () => {
    let port: number;
    {
      await using server = await startMariadb();
      port = server.port;
      await server.program.end();
      expect(await acceptsConnections(port, { speaksFirst: false })).toBe(false);
      await server.program.start();
      expect(await acceptsConnections(port, { speaksFirst: true })).toBe(true);
      server.program.signal('SIGSTOP');
      expect(await acceptsConnections(port, { speaksFirst: true })).toBe(false);
    }
    expect(await acceptsConnections(port, { speaksFirst: false })).toBe(false);
  });
});
