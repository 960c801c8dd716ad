import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig } from 'vite';

const outDir = '../../src/server/graphiql/static';

/** Writes what the page was made of, so that a test can tell when it is older than its sources. */
const manifest = {
  name: 'sources-manifest',
  closeBundle() {
    const sources = readdirSync('src').map((name) => `src/${name}`);
    const hash = createHash('sha256');
    for (const name of ['index.html', 'package-lock.json', 'package.json', 'vite.config.js', ...sources].sort()) {
      hash.update(name).update(readFileSync(name));
    }
    writeFileSync(`${outDir}/sources.sha256`, `${hash.digest('hex')}\n`);
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
