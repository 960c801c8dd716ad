/** Prepared documents by their text: clients send the same ones again and again. The longest unused ones are forgotten first. */
import { LRUCache } from 'lru-cache';

/** Maximum memory of all documents. Those of an app take one or two megabytes. */
const maxBytes = 64 * 1024 * 1024;
/** Memory of a token with its part of the syntax tree, as measured: a text of short names takes a hundred times its length. */
const tokenBytes = 500;
/** Memory of a document besides its text and its tokens. */
const documentBytes = 1_000;

export interface Tokenised {
  /** Lexical tokens of the document, which stays in memory with its errors too; 0 if it is not valid GraphQL. */
  readonly tokens: number;
}

export function createDocumentCache<Prepared extends Tokenised>(): LRUCache<string, Prepared> {
  return new LRUCache({
    maxSize: maxBytes,
    sizeCalculation: ({ tokens }, source) => 2 * source.length + tokens * tokenBytes + documentBytes,
  });
}
