/** Where a request comes from. */
export interface ClientAddress {
  /** IPv4 or IPv6, in its one canonical spelling; for logs. */
  readonly address: string;
  /** The key of limits: the address itself, but of an IPv6 address its /64 network, which one client has to itself. */
  readonly network: string;
}
