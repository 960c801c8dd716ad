import { writeFileSync } from 'node:fs';
import { defineConfig } from 'vite';
import { hashSources } from './sources.js';

const outDir = '../../src/server/graphiql/static';

const manifest = {
  name: 'sources-manifest',
  closeBundle() {
    writeFileSync(`${outDir}/sources.sha256`, `${hashSources()}\n`);
  },
};

export default defineConfig({
  // Relative to the page, which a proxy may serve under a prefix: /chat/graphiql.
  base: './',
  experimental: {
    renderBuiltUrl: (filename, { hostType }) => (hostType === 'html' ? `graphiql/${filename}` : { relative: true }),
  },
  logLevel: 'error',
  plugins: [manifest],
  build: {
    outDir,
    emptyOutDir: true,
    // Monaco's icon font goes into the style sheet: as a file it would be a binary in the repository.
    assetsInlineLimit: 1_000_000,
    modulePreload: false,
    chunkSizeWarningLimit: 10_000,
    target: 'es2022',
  },
  worker: { format: 'es' },
});
