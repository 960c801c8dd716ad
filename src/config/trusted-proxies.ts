import ipaddr from 'ipaddr.js';

const hopsMax = 32;
/** Ranges that @fastify/proxy-addr knows by name. */
const namedRanges = new Set(['loopback', 'linklocal', 'uniquelocal']);

/**
 * Reads which proxies are trusted.
 *
 * @returns the number of proxies in front of the server, or their addresses and ranges; null for an invalid value
 */
export function readTrustedProxies(value: string): number | readonly string[] | null {
  if (/^\d+$/.test(value)) return Number(value) <= hopsMax ? Number(value) : null;
  const ranges = value.split(',').map((range) => range.trim());
  return ranges.every(isRange) ? Object.freeze(ranges) : null;
}

function isRange(text: string): boolean {
  if (namedRanges.has(text)) return true;
  const [address = '', ...prefix] = text.split('/');
  // Stricter than the library, which takes 10.1 for 10.0.0.1: an abbreviation is a typing error more often than not.
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return false;
  return prefix.length === 0 || (prefix.length === 1 && ipaddr.isValidCIDR(text));
}
