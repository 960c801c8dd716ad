/** Connections to MySQL over TLS, with a certificate authority of their own. */
import { execFileSync } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { ServerProcess } from '../support/server-process.ts';
import { mysqlRequirement, startMariadb } from '../support/servers/mariadb.ts';
import { createDatabase, urlOf } from '../support/servers/mysql-databases.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const fileOf = (name: string) => join(folder.path, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder.path, stdio: 'pipe' });
const newKey = ['-newkey', 'rsa:2048', '-nodes'];

/** Starts a server with a certificate for a host name, by the authority of the tests. */
async function startFor(host: string) {
  openssl('req', ...newKey, '-keyout', `${host}.key`, '-out', 'request.pem', '-subj', `/CN=${host}`);
  writeFileSync(fileOf('names'), `subjectAltName=DNS:${host}`);
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  openssl('x509', '-req', '-in', 'request.pem', '-out', `${host}.pem`, ...signed);
  if (process.getuid?.() === 0) {
    const owner = Number(execFileSync('id', ['-u', 'mysql'], { encoding: 'utf8' }));
    for (const name of ['', 'ca.pem', `${host}.pem`, `${host}.key`]) chownSync(fileOf(name), owner, owner);
  }
  const [cert, key] = [fileOf(`${host}.pem`), fileOf(`${host}.key`)];
  await using stack = new AsyncDisposableStack();
  const mariadb = stack.use(await startMariadb([`--ssl-ca=${ca}`, `--ssl-cert=${cert}`, `--ssl-key=${key}`]));
  const database = stack.use(await createDatabase(urlOf(mariadb)));
  await database.query("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'hidden' REQUIRE SSL");
  await database.query(`GRANT ALL ON \`${database.name}\`.* TO app@'127.0.0.1'`);
  const started = stack.move();
  return {
    urlAt: (at: string, mode: string) => `mysql://app:hidden@${at}:${mariadb.port}/${database.name}?ssl-mode=${mode}`,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

const ca = fileOf('ca.pem');
const trusted = { NODE_EXTRA_CA_CERTS: ca };

function processFor(MYSQL_URL: string, extra: Record<string, string>): ServerProcess {
  const JWT_SECRET = 'a secret of at least thirty-two characters';
  return new ServerProcess({ DATA_DIR: fileOf('data'), JWT_SECRET, MYSQL_URL, ...extra });
}

async function problemWith(url: string, extra: Record<string, string>): Promise<string> {
  await using server = processFor(url, extra);
  expect(await server.failToStart()).toBe(1);
  return server.stderr;
}

describe.skipIf(mysqlRequirement.program === null)(`encryption to MySQL${mysqlRequirement.note}`, () => {
  beforeAll(() => {
    openssl('req', '-x509', ...newKey, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=authority');
  });

  it('is used with a certificate of a trusted authority, and refused with one of another', async () => {
    await using mysql = await startFor('localhost');
    expect(await problemWith(mysql.urlAt('localhost', 'VERIFY_CA'), {})).toContain('self-signed certificate');
    expect(await problemWith(mysql.urlAt('127.0.0.1', 'DISABLED'), trusted)).toContain('refuses the user app');
    for (const url of [mysql.urlAt('localhost', 'VERIFY_IDENTITY'), mysql.urlAt('127.0.0.1', 'VERIFY_CA')]) {
      await using server = processFor(url, trusted);
      await server.start();
      await server.user();
    }
  });

  it('is refused with the certificate of another host', async () => {
    await using mysql = await startFor('other.example');
    expect(await problemWith(mysql.urlAt('localhost', 'VERIFY_IDENTITY'), trusted)).toContain('does not match');
  });
});
