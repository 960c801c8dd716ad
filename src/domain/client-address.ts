/** Where a request comes from. */
export interface ClientAddress {
  /** IPv4 or IPv6, in its one canonical spelling; for logs. */
  readonly address: string;
  /** The key for rate limits: the address itself, or the /64 network of an IPv6 address, because one client has all of it. */
  readonly network: string;
}
