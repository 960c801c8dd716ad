/** A database server as a process of the test's own: it can be stopped, frozen and started again on its folder and its port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

/** A busy machine takes its time. */
const startMaxMs = 60_000;
const lookEveryMs = 50;
/** How much of the output is shown when the server does not start. */
const outputMax = 4_000;

export interface ServerProgramOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Whether it serves clients by now. */
  readonly isReady: () => Promise<boolean>;
}

export class ServerProgram implements AsyncDisposable {
  private readonly options: ServerProgramOptions;
  private child: ChildProcess | null = null;
  private output = '';
  private readonly killAtExit = () => void this.child?.kill('SIGKILL');

  constructor(options: ServerProgramOptions) {
    this.options = options;
    // A test process that fails must not leave its server behind.
    process.once('exit', this.killAtExit);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when the server serves clients. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.options.program} is running`);
    this.output = '';
    const child = spawn(this.options.program, this.options.args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        this.output = `${this.output}${chunk}`.slice(-outputMax);
      });
    }
    let problem: string | null = null;
    child.once('error', (error) => {
      problem = error.message;
    });
    child.once('exit', (code, signal) => {
      problem = `it ended with ${code ?? signal}`;
    });
    for (const deadline = Date.now() + startMaxMs; problem === null; ) {
      if (await this.options.isReady()) return;
      if (Date.now() > deadline) problem = `it did not answer in ${startMaxMs} ms`;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    child.kill('SIGKILL');
    throw new Error(`${this.options.program} did not start: ${problem}\n${this.output}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Ends the server and resolves when it is gone. A frozen one must be thawed first, unless it is killed. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child === null || !this.isRunning) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGKILL');
    process.removeListener('exit', this.killAtExit);
  }
}

/**
 * Whether a server on loopback accepts connections.
 *
 * @param speaksFirst - also wait for its greeting, because a port may be open before the server is ready
 */
export function acceptsConnections(port: number, { speaksFirst }: { speaksFirst: boolean }): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 });
  return new Promise((resolve) => {
    const settle = (isReady: boolean) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.once(speaksFirst ? 'data' : 'connect', () => settle(true));
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => settle(false));
  });
}
