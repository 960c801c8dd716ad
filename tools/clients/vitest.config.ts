import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: import.meta.dirname,
  // As in the root's configuration: one copy of graphql, the one that Node takes.
  resolve: { alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }] },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // Compilers of other projects, and a browser, on a machine with two cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
