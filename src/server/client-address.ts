/**
 * The client's address, for HTTP requests and WebSocket handshakes.
 *
 * Each proxy appends the address of its own client to `X-Forwarded-For`. Read from the right, the first address that does not
 * belong to a trusted proxy is the client's. Entries further left were written by the client itself or by untrusted proxies.
 */
import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';
import type { ClientAddress } from '../domain/client-address.ts';

/** The number of proxies in front of the server, or their addresses: CIDR blocks, `loopback`, `linklocal` or `uniquelocal`. */
export type TrustedProxies = number | readonly string[];

export type ClientAddressOf = (request: IncomingMessage) => ClientAddress;

/** Groups of 16 bits in the /64 network that a provider gives to one client. */
const networkGroups = 4;
/** A closed connection has no address. */
export const unknownAddress: ClientAddress = { address: 'unknown', network: 'unknown' };

export function createClientAddress(trusted: TrustedProxies): ClientAddressOf {
  const isProxy = createProxyCheck(trusted);
  return (request) => {
    const peer = peerOf(request.socket);
    if (trusted === 0) return peer;
    const addresses = proxyAddr.all(request);
    const hop = addresses.findIndex((address, index) => !isProxy(address, index));
    // If all of them are proxies, the request came from the leftmost.
    const found = addresses.at(hop);
    return (found === undefined ? null : parseAddress(found)) ?? peer;
  };
}

/** Finds the network that a connection comes from, and whether that is a trusted proxy's. */
export function createPeerCheck(
  trusted: TrustedProxies,
): (socket: Socket) => { readonly network: string; readonly isProxy: boolean } {
  const isProxy = createProxyCheck(trusted);
  return (socket) => {
    const { address, network } = peerOf(socket);
    return { network, isProxy: isProxy(address, 0) };
  };
}

function peerOf({ remoteAddress }: Socket): ClientAddress {
  return parseAddress(remoteAddress ?? '') ?? unknownAddress;
}

/** Whether an address belongs to a proxy that has passed a request on through `hop` more proxies. */
function createProxyCheck(trusted: TrustedProxies): (address: string, hop: number) => boolean {
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted;
  const isTrusted = proxyAddr.compile([...trusted]);
  // Proxies write addresses in different spellings, even with ports, so entries are parsed before they are compared.
  return (address, hop) => isTrusted(parseAddress(address)?.address ?? '', hop);
}

/** Reads `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5678`; null for anything else. */
export function parseAddress(text: string): ClientAddress | null {
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  // The zone of a link-local address names an interface of this machine, not another client.
  const bare = (bracketed ?? dotted ?? text).split('%', 1)[0] ?? '';
  if (isIP(bare) === 0) return null;
  // An IPv4-mapped IPv6 address becomes IPv4.
  const address = ipaddr.process(bare);
  const canonical = address.toString();
  if (address instanceof ipaddr.IPv4) return { address: canonical, network: canonical };
  const groups = address.parts.map((part, index) => (index < networkGroups ? part : 0));
  return { address: canonical, network: `${new ipaddr.IPv6(groups)}/64` };
}
