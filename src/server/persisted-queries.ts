/**
 * The documents of automatic persisted queries, by their SHA-256 hash. A client sends the hash alone; if the server does not know it, the
 * client sends it once more with the document, which registers it. Both transports share the documents. The longest unused ones are
 * forgotten first, which costs their clients one more request.
 */
import { createHash } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import { clientError } from './pipeline/client-errors.ts';
import type { OperationRequest, Pipeline } from './pipeline/pipeline.ts';

/** Maximum size of all documents, in characters. */
const documentsMaxLength = 4 * 1024 * 1024;
/** Characters that an entry counts for, in addition to its document. */
const entryLength = 200;

/** A request of a socket, whose document is empty if only its hash is sent. */
export interface PersistedRequest extends OperationRequest {
  readonly extensions?: {
    readonly persistedQuery?: { readonly version?: unknown; readonly sha256Hash?: unknown } | null;
  } | null;
}

export type PersistedQueries = ReturnType<typeof createPersistedQueries>;

export function createPersistedQueries(pipeline: Pick<Pipeline, 'isValid'>) {
  const documents = new LRUCache<string, string>({
    maxSize: documentsMaxLength,
    sizeCalculation: (document) => document.length + entryLength,
  });

  function find(hash: string): string | undefined {
    return documents.get(hash);
  }

  /** Keeps a document that the pipeline has found valid: others would only take the place of documents that clients use. */
  function register(hash: string, document: string): void {
    if (pipeline.isValid(document)) documents.set(hash, document);
  }

  return {
    /** The cache of Apollo Server, whose keys are hashes with a prefix. */
    forHttp: {
      get: async (key: string) => find(hashOf(key)),
      set: async (key: string, document: string) => register(hashOf(key), document),
      delete: async (key: string) => documents.delete(hashOf(key)),
    },

    /** The document of a socket's request, by the rules and in the words of Apollo Server, which has them for HTTP. */
    documentOf({ query, extensions }: PersistedRequest): string | GraphQLError {
      const persisted = extensions?.persistedQuery;
      if (!persisted) return query === '' ? clientError('BAD_REQUEST', noDocument) : query;
      const { version, sha256Hash } = persisted;
      if (version !== 1) return clientError('BAD_REQUEST', 'Unsupported persisted query version');
      if (query !== '')
        return sha256(query) === sha256Hash ? query : clientError('BAD_REQUEST', 'provided sha does not match query');
      const found = typeof sha256Hash === 'string' ? find(sha256Hash) : undefined;
      return found ?? clientError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
    },

    /** Called once a socket's request has been prepared. */
    registerOf({ query, extensions }: PersistedRequest): void {
      const hash = extensions?.persistedQuery?.sha256Hash;
      if (query !== '' && typeof hash === 'string') register(hash, query);
    },
  };
}

const noDocument = 'GraphQL operations must contain a non-empty `query` or a `persistedQuery` extension.';

function hashOf(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
