/** The media type of an answer, by the client's `Accept`. */
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';

export const jsonType = 'application/json; charset=utf-8';
/** Its answers have statuses that describe them; those of `application/json` are 200, as older clients expect. */
export const graphqlType = 'application/graphql-response+json; charset=utf-8';

export type MediaType = typeof jsonType | typeof graphqlType;

/** The first one is the default. */
const offered: MediaType[] = [jsonType, graphqlType];
/** Clients send few different values, and send them with every request. */
const cachedMax = 100;
const cachedLengthMax = 200;

/** @returns a function that finds the type that a client prefers; null if it accepts neither */
export function createMediaTypes(): (accept: string | undefined) => MediaType | null {
  const cache = new LRUCache<string, { readonly type: MediaType | null }>({ max: cachedMax });
  return (accept) => {
    if (accept === undefined || accept === '') return jsonType;
    const known = cache.get(accept);
    if (known !== undefined) return known.type;
    const type = (new Negotiator({ headers: { accept } }).mediaType(offered) as MediaType | undefined) ?? null;
    if (accept.length <= cachedLengthMax) cache.set(accept, { type });
    return type;
  };
}
