import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

async function play(...nodeOptions: string[]): Promise<{ code: number | null; output: string }> {
  const demo = new URL('../../examples/demo.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...nodeOptions, demo]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe('the demo', () => {
  it('plays to its end', async () => {
    const { code, output } = await play();
    expect(code, output).toBe(0);
    expect(output).toContain('dan    26 messages');
    expect(output).toMatch(/done\n$/);
  }, 60_000);

  it('fails if a user missed a message', async () => {
    const lossy = new URL('../support/lossy-sockets.ts', import.meta.url).href;
    const { code, output } = await play('--import', lossy);
    expect(code, output).toBe(1);
    expect(output).toContain('The demo failed: ada has a gap or a duplicate');
    expect(output).not.toContain('nobody missed anything');
  }, 60_000);
});
