import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSigningKeys, loadOrCreateSecrets, loadSecrets } from '../../../src/services/accounts/signing-keys.ts';
import { temporaryFolder } from '../../support/folders.ts';

describe('the generated secret', () => {
  it('is made once, for its owner only, and is another in another folder', () => {
    using here = temporaryFolder();
    using there = temporaryFolder();
    const dataDir = join(here.path, 'made', 'on', 'the', 'way');
    const secrets = loadOrCreateSecrets(dataDir);
    expect(secrets.map(({ length }) => length)).toEqual([32]);
    expect(loadOrCreateSecrets(dataDir)).toEqual(secrets);
    expect(loadOrCreateSecrets(there.path)).not.toEqual(secrets);
    expect(statSync(join(dataDir, 'jwt-secret')).mode & 0o777).toBe(0o600);
  });

  it('is refused by the name of its file when it is not one, and kept', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'jwt-secret');
    for (const content of ['', 'abcd', 'z'.repeat(64), `${'ab'.repeat(32)}\nabcd`]) {
      writeFileSync(path, content);
      chmodSync(path, 0o600);
      expect(() => loadOrCreateSecrets(folder.path)).toThrow(path);
      expect(readFileSync(path, 'utf8')).toBe(content);
    }
  });

  it('replaces an incomplete secret that a crash left behind', () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, 'jwt-secret.new'), 'ab', { mode: 0o644 });
    expect(loadOrCreateSecrets(folder.path)[0]).toHaveLength(32);
    expect(readdirSync(folder.path)).toEqual(['jwt-secret']);
    expect(statSync(join(folder.path, 'jwt-secret')).mode & 0o777).toBe(0o600);
  });

  it('may have earlier ones in the lines after it', () => {
    using folder = temporaryFolder();
    const [first] = loadOrCreateSecrets(folder.path);
    const path = join(folder.path, 'jwt-secret');
    writeFileSync(path, `${'ab'.repeat(32)}\n${readFileSync(path, 'utf8')}\n`);
    expect(loadOrCreateSecrets(folder.path)).toEqual([Buffer.from('ab'.repeat(32), 'hex'), first]);
  });
});

describe("an operator's secrets", () => {
  const settings = { jwtSecret: null, jwtSecretPrevious: null, jwtSecretFile: null, dataDir: '/nowhere' };
  const [now, before] = ['n'.repeat(32), 'b'.repeat(40)];

  it('come from the environment, the earlier one second', () => {
    expect(loadSecrets({ ...settings, jwtSecret: now })).toEqual([Buffer.from(now)]);
    expect(loadSecrets({ ...settings, jwtSecret: now, jwtSecretPrevious: before })).toEqual([
      Buffer.from(now),
      Buffer.from(before),
    ]);
  });

  it('come from a file, one a line, and are the same text there', () => {
    using folder = temporaryFolder();
    const jwtSecretFile = join(folder.path, 'secrets');
    writeFileSync(jwtSecretFile, `${now}\n\n${before}\r\n`);
    expect(loadSecrets({ ...settings, jwtSecretFile })).toEqual([Buffer.from(now), Buffer.from(before)]);
  });

  it.each(['', 'too short', `${'n'.repeat(32)}\ntoo short`])('are refused by the name of the file: %j', (content) => {
    using folder = temporaryFolder();
    const jwtSecretFile = join(folder.path, 'secrets');
    expect(() => loadSecrets({ ...settings, jwtSecretFile })).toThrow(/JWT_SECRET_FILE .*secrets cannot be read/);
    writeFileSync(jwtSecretFile, content);
    let message = '';
    try {
      loadSecrets({ ...settings, jwtSecretFile });
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(/JWT_SECRET_FILE .*secrets must contain/);
    expect(message).not.toContain('too short');
  });
});

it('keys have names of their own, which do not tell their secrets', () => {
  const secrets = ['a', 'b'].map((letter) => Buffer.from(letter.repeat(32)));
  const { current, all } = createSigningKeys(secrets);
  expect(all).toHaveLength(2);
  expect(current).toBe(all[0]);
  expect(new Set(all.map(({ kid }) => kid)).size).toBe(2);
  for (const { kid } of all) expect(kid).toMatch(/^[0-9a-f]{16}$/);
  expect(createSigningKeys(secrets.toReversed()).all[1]?.kid).toBe(current.kid);
});
