import { afterAll, beforeAll, it } from 'vitest';
import { describeDirectories, type OpenDirectory } from './directory-drivers.ts';
import { exactnessChecks } from './exactness-checks.ts';

describeDirectories('exactness', (open) => {
  let directory: OpenDirectory;
  beforeAll(async () => {
    directory = await open();
  });
  afterAll(() => directory[Symbol.asyncDispose]());

  it.each(exactnessChecks)('%s', (_name, check) => check(directory));
});
