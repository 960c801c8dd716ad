/**
 * Which web pages may use the server. A browser sends the origin of a page with each of its requests over HTTP, and with the handshake of
 * a WebSocket. Clients other than browsers send no origin and are always allowed.
 */
import { LRUCache } from 'lru-cache';
import type { ClientAddress } from '../domain/client-address.ts';
import { canonicalOrigin, isWeb } from '../domain/web-origin.ts';
import type { ServerPorts, Transport } from './ports.ts';

export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

export interface Origins {
  /** Whether a request is allowed. A refusal is counted, and logged with its origin. */
  admit(headers: OriginHeaders, client: ClientAddress, transport: Transport): boolean;
}

/** Minimum interval between two log lines for the same origin. */
const logAgainMs = 60_000;
/** Maximum number of origins logged per interval, so that invented origins cannot flood the log. */
const loggedMax = 50;
/** Maximum length of an origin or a host in the log, in characters. */
const shownMax = 200;

type OriginPorts = Pick<ServerPorts, 'allowedOrigins' | 'host' | 'trustProxy' | 'log' | 'metrics' | 'elapsed'>;

export function createOrigins({ allowedOrigins, host, trustProxy, log, metrics, elapsed }: OriginPorts): Origins {
  const allowed = new Set(allowedOrigins);
  const isLocal = isLoopback(host);
  /** Behind a proxy on the same machine, requests for any host arrive over loopback. */
  const servesOtherHosts = !isLocal || trustProxy !== 0;
  const logged = new LRUCache<string, true>({
    max: loggedMax,
    ttl: logAgainMs,
    perf: { now: elapsed },
    ttlResolution: 0,
  });

  function isAllowed({ origin, host: asked = '' }: OriginHeaders): boolean {
    if (origin === undefined || allowed.has('*')) return true;
    const canonical = canonicalOrigin(origin);
    if (canonical === null) return false;
    if (allowed.has(canonical)) return true;
    if (!isWeb(canonical)) return false;
    const { protocol, hostname } = new URL(canonical);
    // The origin's scheme determines the default port, which either side may omit.
    const own = canonicalOrigin(`${protocol}//${asked}`);
    if (own === null) return false;
    const isAskedLocally = isLoopback(new URL(own).hostname);
    // If a site's name resolved to 127.0.0.1, its pages would count as the server's own (DNS rebinding).
    if (own === canonical) return servesOtherHosts || isAskedLocally;
    // Pages of a development server on the same machine.
    return isLocal && isAskedLocally && isLoopback(hostname);
  }

  function logRefusal({ origin = '', host: asked = '' }: OriginHeaders, { address }: ClientAddress): void {
    const shown = origin.slice(0, shownMax);
    logged.purgeStale();
    if (logged.has(shown) || logged.size >= loggedMax) return;
    logged.set(shown, true);
    const fields = { origin: shown, 'url.domain': asked.slice(0, shownMax), 'source.ip': address };
    log.warn(fields, 'origin refused; ALLOWED_ORIGINS does not name it');
  }

  return {
    admit(headers, client, transport) {
      if (isAllowed(headers)) return true;
      metrics.originRefused(transport);
      logRefusal(headers, client);
      return false;
    },
  };
}

/** Whether a host, as in a URL or in HOST, is this machine itself. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
