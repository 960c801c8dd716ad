import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadOrCreateJwtSecret } from '../../../src/services/accounts/jwt-secret.ts';
import { temporaryFolder } from '../../support/folders.ts';

it('the secret is made once, for its owner only, and is another in another folder', () => {
  using here = temporaryFolder();
  using there = temporaryFolder();
  const dataDir = join(here.path, 'made', 'on', 'the', 'way');
  const secret = loadOrCreateJwtSecret(dataDir);
  expect(secret).toHaveLength(32);
  expect(loadOrCreateJwtSecret(dataDir)).toEqual(secret);
  expect(loadOrCreateJwtSecret(there.path)).not.toEqual(secret);
  expect(statSync(join(dataDir, 'jwt-secret')).mode & 0o777).toBe(0o600);
});

it('a file that holds no secret is refused by its name, and kept', () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'jwt-secret');
  for (const content of ['', 'abcd', 'z'.repeat(64)]) {
    writeFileSync(path, content);
    chmodSync(path, 0o600);
    expect(() => loadOrCreateJwtSecret(folder.path)).toThrow(path);
    expect(readFileSync(path, 'utf8')).toBe(content);
  }
});

it('what a crash left of a secret in the making is replaced', () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'jwt-secret.new'), 'ab', { mode: 0o644 });
  const secret = loadOrCreateJwtSecret(folder.path);
  expect(secret).toHaveLength(32);
  expect(readdirSync(folder.path)).toEqual(['jwt-secret']);
  expect(statSync(join(folder.path, 'jwt-secret')).mode & 0o777).toBe(0o600);
});
