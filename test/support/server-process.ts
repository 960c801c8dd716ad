/** The server as its users start it: a process of its own that can be killed, frozen and started again on its folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

export class ServerProcess implements AsyncDisposable {
  readonly env: Record<string, string>;
  url = '';
  private child: ChildProcess | null = null;

  constructor(env: Record<string, string>) {
    this.env = env;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      env: { ...process.env, PORT: '0', RATE_LIMIT_SCALE: '1000', DRAIN_MS: '0', ...this.env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.child = child;
    let output = '';
    for await (const chunk of child.stdout ?? []) {
      output += chunk;
      const url = /"url":"([^"]+)"/.exec(output)?.[1];
      if (url === undefined) continue;
      this.url = url;
      break;
    }
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${output}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends the process and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  async post(
    query: string,
    variables: object,
    token?: string,
  ): Promise<{ data?: Record<string, unknown> | null; errors?: unknown[] }> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as { data?: Record<string, unknown> | null; errors?: unknown[] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGCONT');
    await this.end('SIGKILL');
  }
}
