import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite would take graphql's `module` build where Node takes its `main`: two copies, and each refuses the other's schema.
  resolve: { alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }] },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    // Tests wait for conditions: these bounds only end those that will never come true, also on a machine that is much too busy.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real processes on a busy machine: in CI a test has a second try, and scripts/test.ts names those that needed it.
    retry: process.env.CI === undefined ? 0 : 1,
  },
});
