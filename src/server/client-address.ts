/**
 * The client's address, the same way for HTTP requests and WebSocket handshakes.
 *
 * Each proxy appends the address it was called from to `X-Forwarded-For`. Read from the right, the first address that does not
 * belong to a trusted proxy is the client's; whatever stands further left was written by the client itself, or by others it passed.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';
import type { ClientAddress } from '../domain/client-address.ts';

/** How many proxies stand in front, or which addresses they have: CIDR blocks, `loopback`, `linklocal` or `uniquelocal`. */
export type TrustedProxies = number | readonly string[];

export type ClientAddressOf = (request: IncomingMessage) => ClientAddress;

/** Groups of 16 bits in the /64 network that a provider gives to one client. */
const networkGroups = 4;
/** A connection that is closed already has no address. */
export const unknownAddress: ClientAddress = { address: 'unknown', network: 'unknown' };

export function createClientAddress(trusted: TrustedProxies): ClientAddressOf {
  const isTrusted = typeof trusted === 'number' ? null : proxyAddr.compile([...trusted]);

  function isProxy(address: string, hop: number): boolean {
    if (typeof trusted === 'number') return hop < trusted;
    // Proxies write their neighbours in any spelling, with ports too: an entry is compared as the address it stands for.
    return isTrusted?.(parseAddress(address)?.address ?? '', hop) ?? false;
  }

  return (request) => {
    const peer = parseAddress(request.socket.remoteAddress ?? '') ?? unknownAddress;
    if (trusted === 0) return peer;
    const addresses = proxyAddr.all(request);
    const hop = addresses.findIndex((address, index) => !isProxy(address, index));
    // Where all of them are proxies, the request began at the leftmost.
    const found = addresses.at(hop);
    return (found === undefined ? null : parseAddress(found)) ?? peer;
  };
}

/** Reads `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5678`; null for anything else. */
export function parseAddress(text: string): ClientAddress | null {
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  // The zone of a link-local address names an interface of this machine, and no other client.
  const bare = (bracketed ?? dotted ?? text).split('%', 1)[0] ?? '';
  if (isIP(bare) === 0) return null;
  // An IPv4 address that came over IPv6 becomes IPv4.
  const address = ipaddr.process(bare);
  const canonical = address.toString();
  if (address instanceof ipaddr.IPv4) return { address: canonical, network: canonical };
  const groups = address.parts.map((part, index) => (index < networkGroups ? part : 0));
  return { address: canonical, network: `${new ipaddr.IPv6(groups)}/64` };
}
