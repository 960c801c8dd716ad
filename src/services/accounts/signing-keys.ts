/** The keys that sign access tokens and derive refresh tokens. The first one makes new tokens; tokens of all of them count. */
import { createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../domain/errors.ts';

const secretBytes = 32;

export interface SigningKey {
  /** Names the key in the header of a token: a part of a hash of the secret. */
  readonly kid: string;
  readonly access: KeyObject;
  readonly refresh: KeyObject;
}

export interface SigningKeys {
  readonly current: SigningKey;
  readonly all: readonly SigningKey[];
}

/** @param secrets - one or more, each of 32 bytes or more; the first one signs */
export function createSigningKeys(secrets: readonly Uint8Array[]): SigningKeys {
  const all = secrets.map((secret) => ({
    kid: createHash('sha256').update('kid').update(secret).digest('hex').slice(0, 16),
    // A KeyObject is prepared once; from raw bytes each signature would prepare it again.
    access: createSecretKey(secret),
    // Derived, so that no token of one kind can stand for one of the other.
    refresh: createSecretKey(createHmac('sha256', secret).update('refresh token').digest()),
  }));
  return { current: all[0] as SigningKey, all };
}

export interface SecretSettings {
  readonly jwtSecret: string | null;
  readonly jwtSecretPrevious: string | null;
  readonly jwtSecretFile: string | null;
  readonly dataDir: string;
}

/**
 * The operator's secrets; without any, the one that is generated and kept in `dataDir`.
 *
 * @throws StartError: a file cannot be read, or contains no valid secret
 */
export function loadSecrets({ jwtSecret, jwtSecretPrevious, jwtSecretFile, dataDir }: SecretSettings): Uint8Array[] {
  if (jwtSecretFile !== null) return readSecretFile(jwtSecretFile);
  if (jwtSecret === null) return loadOrCreateSecrets(dataDir);
  return [jwtSecret, ...(jwtSecretPrevious === null ? [] : [jwtSecretPrevious])].map((text) => Buffer.from(text));
}

/** One secret a line, as in JWT_SECRET. */
function readSecretFile(path: string): Uint8Array[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new StartError(`JWT_SECRET_FILE ${path} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  const secrets = linesOf(text).map((line) => Buffer.from(line));
  if (secrets.length === 0 || secrets.some(({ length }) => length < secretBytes))
    throw new StartError(
      `JWT_SECRET_FILE ${path} must contain one secret a line, each of at least ${secretBytes} bytes.`,
    );
  return secrets;
}

/**
 * The secrets kept in a folder of this process alone, as hexadecimal lines; made on first use, readable by their owner only, so
 * that tokens outlive a restart.
 */
export function loadOrCreateSecrets(dataDir: string): Uint8Array[] {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'jwt-secret');
  if (!existsSync(path)) {
    // Written under another name until it has reached the disk, so that no crash leaves an incomplete secret, which would stop every start.
    const draft = `${path}.new`;
    rmSync(draft, { force: true });
    writeFileSync(draft, randomBytes(secretBytes).toString('hex'), { flag: 'wx', mode: 0o600, flush: true });
    renameSync(draft, path);
  }
  const secrets = linesOf(readFileSync(path, 'utf8')).map((line) => Buffer.from(line, 'hex'));
  if (secrets.length === 0 || secrets.some(({ length }) => length < secretBytes))
    throw new StartError(
      `${path} does not contain a secret of ${secretBytes} bytes. Remove the file to generate a new one.`,
    );
  return secrets;
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
