import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../domain/errors.ts';

const secretBytes = 32;

/** The secret kept in a folder; made on first use, readable by its owner only, so that tokens outlive a restart. */
export function loadOrCreateJwtSecret(dataDir: string): Uint8Array {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'jwt-secret');
  try {
    // wx: of two that start at once one makes it, and both read the same.
    writeFileSync(path, randomBytes(secretBytes).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (secret.length < secretBytes)
    throw new StartError(`${path} holds no secret of ${secretBytes} bytes; remove it to have a new one made.`);
  return secret;
}
