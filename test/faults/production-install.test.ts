/** The install that operators use: the server runs without the development packages, and without their weight. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, lstatSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { ServerProcess } from '../support/server-process.ts';

const root = new URL('../../', import.meta.url).pathname;
/** Folders that a clone does not have, or that production does not need. */
const leftOut = new Set(['.git', 'data', 'test', 'bench']);
const installMsMax = 120_000;
/** Half of them come with Apollo Server. */
const packagesMax = 250;
const megabytesMax = 60;

function isNeeded(path: string): boolean {
  return !leftOut.has(path.slice(root.length)) && basename(path) !== 'node_modules';
}

/** Runs npm in a folder; packages come from npm's cache, which the project's own install has filled. */
async function npm(folder: string, ...args: string[]): Promise<void> {
  const child = spawn('npm', [...args, '--prefer-offline'], { cwd: folder, timeout: installMsMax, stdio: 'pipe' });
  let written = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      written += chunk;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  expect(code, written).toBe(0);
}

it('npm ci --omit=dev installs a small server that works', { timeout: installMsMax + 60_000 }, async () => {
  using folder = temporaryFolder();
  const clone = join(folder.path, 'clone');
  cpSync(root, clone, { recursive: true, filter: isNeeded });
  await npm(clone, 'ci', '--omit=dev');

  const installed = JSON.parse(readFileSync(join(clone, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, object>;
  };
  const names = Object.keys(installed.packages);
  expect(names).toContain('node_modules/graphql');
  expect(names.length).toBeLessThan(packagesMax);
  expect(names.filter((name) => /typescript|node-(linux|bin|darwin|win)|vitest|biome/.test(name))).toEqual([]);
  expect(existsSync(join(clone, 'node_modules/.bin/node'))).toBe(false);
  const files = globSync('node_modules/**/*', { cwd: clone });
  const bytes = files.reduce((sum, file) => sum + lstatSync(join(clone, file)).size, 0);
  expect(bytes).toBeLessThan(megabytesMax * 1_000_000);

  await using server = new ServerProcess({ DATA_DIR: join(folder.path, 'data') }, { main: join(clone, 'start.js') });
  await server.start();
  const alice = await server.user('alice');
  const bob = await server.user('bob');
  const sent = await alice.ask(
    `mutation ($to: ID!) {
      sendMessage(input: { to: { userId: $to }, clientMessageId: "1", text: "Hello" }) { sentMessage { status } }
    }`,
    { to: bob.id },
  );
  expect(sent).toEqual({ sendMessage: { sentMessage: { status: 'SENT' } } });
  expect((await fetch(`${server.url}/graphiql`)).status).toBe(200);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('heliograph_sends_total{outcome="sent"} 1');

  // The command for operators: in the folder, and everywhere once the folder is installed globally.
  const globally = join(folder.path, 'global');
  await npm(clone, 'install', '--global', '--prefix', globally, '.');
  const env = { ...process.env, DATA_DIR: join(folder.path, 'data') };
  for (const [command, ...args] of [
    ['npx', '--no-install', 'heliograph', 'users', 'add', 'carol'],
    [join(globally, 'bin/heliograph'), 'users', 'reset', 'carol'],
  ] as [string, ...string[]][]) {
    const { stdout } = await promisify(execFile)(command, args, { cwd: clone, env });
    const [secret] = stdout.split('\n');
    const logIn = 'mutation ($input: LogInInput!) { logIn(input: $input) { session { user { username } } } }';
    const answer = await server.post(logIn, { input: { username: 'carol', password: secret } });
    expect(answer.data?.logIn.session.user.username).toBe('carol');
  }
  expect(await server.end('SIGTERM')).toBe(0);
});
