/** A real server in a process of its own, pinned to one core, with users signed in by an identity provider made here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const ownCheckout = fileURLToPath(new URL('../../', import.meta.url));
const ticksPerSecond = 100;

export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  readonly wsUrl: string;
  readonly startMs: number;
  /** A token of a user, who is made when it is first used. */
  token(name: string, device?: string): Promise<string>;
  /** Seconds of processor the server has used so far. */
  cpuSeconds(): number;
  /** Bytes of memory the server has resident. */
  rssBytes(): number;
}

/**
 * @param core - the core to pin the server to; null leaves it to the system
 * @param checkout - the folder of its sources
 * @param keptDataDir - a data folder that is filled already, and outlives the server
 */
export async function startBenchServer({
  core = 0,
  checkout = ownCheckout,
  keptDataDir,
  env = {},
}: {
  core?: number | null;
  checkout?: string;
  keptDataDir?: string;
  env?: Record<string, string>;
} = {}): Promise<BenchServer> {
  const dataDir = keptDataDir ?? mkdtempSync(join(tmpdir(), 'heliograph-bench-'));
  const identity = await startIdentityProvider();
  const node = [process.execPath, ...startArguments(checkout)];
  const [command, ...args] = core === null ? node : ['taskset', '-c', String(core), ...node];
  const startedAt = performance.now();
  const child = spawn(command as string, args, {
    cwd: checkout,
    env: {
      ...process.env,
      PORT: '0',
      DATA_DIR: dataDir,
      RATE_LIMIT_SCALE: '1000000',
      SOCKETS_PER_USER_MAX: '100000',
      JWT_JWKS_URL: identity.url,
      JWT_ISSUER: 'bench',
      JWT_AUDIENCE: '*',
      DRAIN_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await readyUrl(child);
  const startMs = performance.now() - startedAt;
  const pid = child.pid as number;
  return {
    url,
    wsUrl: `${url.replace('http', 'ws')}/graphql`,
    startMs,
    token: identity.token,
    cpuSeconds() {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    },
    rssBytes: () => residentBytes(pid),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      identity.server.close();
      if (keptDataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Memory a process has resident. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** The arguments of `npm start` for Node. */
function startArguments(checkout: string): string[] {
  const { scripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start.split(' ').slice(1);
}

function readyUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      const url = /"url":"([^"]+)"/.exec(text)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
}

async function startIdentityProvider(): Promise<{ url: string; server: Server; token: BenchServer['token'] }> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const body = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'bench' }] });
  const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  server.unref();
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    server,
    token: (name, device = 'bench') =>
      new SignJWT({ preferred_username: name, did: device })
        .setProtectedHeader({ alg: 'ES256', kid: 'bench' })
        .setIssuer('bench')
        .setSubject(name)
        .setExpirationTime('4h')
        .sign(privateKey),
  };
}
