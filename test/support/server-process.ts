/** The server as its users start it: a process of its own that can be killed, frozen and started again on its folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { type Answer, register, type TestUser } from './heliograph.ts';

const mainPath = new URL('../../src/main.ts', import.meta.url).pathname;

export class ServerProcess implements AsyncDisposable {
  readonly env: Record<string, string>;
  url = '';
  /** Output since the last start. */
  stdout = '';
  stderr = '';
  private child: ChildProcess | null = null;
  /** Where standard output goes instead of into `stdout`. */
  private readonly logPath: string | null;
  private readonly main: string;
  private readonly users: TestUser[] = [];

  /** @param options - `main` is the file that starts the server */
  constructor(
    env: Record<string, string>,
    { logPath = null, main = mainPath }: { logPath?: string | null; main?: string } = {},
  ) {
    this.env = env;
    this.logPath = logPath;
    this.main = main;
  }

  get wsUrl(): string {
    return `${this.url.replace('http', 'ws')}/graphql`;
  }

  private launch(): ChildProcess {
    const log = this.logPath === null ? null : openSync(this.logPath, 'a');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', this.main], {
      env: { ...process.env, PORT: '0', RATE_LIMIT_SCALE: '1000', DRAIN_MS: '0', ...this.env },
      stdio: ['ignore', log ?? 'pipe', 'pipe'],
    });
    if (log !== null) closeSync(log);
    this.child = child;
    this.stdout = '';
    this.stderr = '';
    child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    return child;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    const child = this.launch();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    child.stderr?.on('data', () => {
      const url = / is ready\. {2}GraphiQL: (\S+)\/graphiql\n/.exec(this.stderr)?.[1];
      if (url === undefined) return;
      this.url = url;
      resolve();
    });
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${this.stdout}${this.stderr}`)));
    await promise;
  }

  /** Starts it where it cannot start; resolves with its exit code when it has ended. */
  async failToStart(): Promise<number | null> {
    const [code] = (await once(this.launch(), 'close')) as [number | null];
    return code;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends the process and waits until it is gone. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exited = this.exited();
    this.child?.kill(signal);
    return exited;
  }

  /** Resolves with the exit code when the process is gone; null after a signal. */
  async exited(): Promise<number | null> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  }

  async post(query: string, variables: object = {}, token?: string): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer;
  }

  /** The status and the body of `/readyz`. */
  async ready(): Promise<{ status: number; body: { status: string; degraded: string[] } }> {
    const response = await fetch(`${this.url}/readyz`);
    return { status: response.status, body: (await response.json()) as { status: string; degraded: string[] } };
  }

  /** Registers a user under a name of their own. */
  async user(name?: string): Promise<TestUser> {
    const user = await register(this, name);
    this.users.push(user);
    return user;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGCONT');
    for (const user of this.users) await user.close();
    await this.end('SIGKILL');
  }
}
