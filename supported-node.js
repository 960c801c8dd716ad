// Plain JavaScript, so that an older Node, which cannot read the TypeScript sources, can name the problem.
import { readFileSync } from 'node:fs';

/** Whether this Node can run the sources; if not, says so on standard error. */
export function isNodeSupported() {
  const { engines } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  const needed = engines.node.replace('>=', '');
  const present = process.versions.node;
  if (!isOlder(present, needed)) return true;
  console.error(
    `Heliograph needs Node.js ${needed} or newer but was started with ${present}: ` +
      'install a newer one, or run `npm ci`, which installs one for this project.',
  );
  return false;
}

function isOlder(version, other) {
  const [major, minor] = version.split('.').map(Number);
  const [otherMajor, otherMinor] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
