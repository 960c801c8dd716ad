/**
 * The catalogue of errors clients see in `extensions.code`. A code that was retired is never used again.
 * `docs/errors.md` shows the same list; a test holds the two equal.
 */
export interface ErrorEntry {
  /** Whether the same request may succeed later without a change to it. */
  readonly retryable: boolean;
  readonly meaning: string;
  /** What a client does next. */
  readonly clientAction: string;
}

export const errorCatalogue = {
  GRAPHQL_PARSE_FAILED: entry(false, 'The document is not GraphQL.', 'Correct the document.'),
  GRAPHQL_VALIDATION_FAILED: entry(
    false,
    'The document does not fit the schema.',
    'Correct the document; generate types from the schema.',
  ),
  OPERATION_RESOLUTION_FAILURE: entry(
    false,
    'The document has no such operation, or several and none was named.',
    'Send `operationName`.',
  ),
  BAD_REQUEST: entry(false, 'The request is not a GraphQL request.', 'Correct the request.'),
  BAD_USER_INPUT: entry(false, 'An argument is out of its range or malformed.', 'Correct the value the message names.'),
  UNAUTHENTICATED: entry(false, 'No session, or one that has ended.', 'Refresh the session or log in again.'),
  FORBIDDEN: entry(false, 'The session is fine, but its user may not do this.', 'Do not repeat it.'),
  NOT_FOUND: entry(false, 'There is no such thing, or the viewer may not know of it.', 'Drop the reference.'),
  USERNAME_TAKEN: entry(false, 'Another user has this username.', 'Choose another.'),
  ID_CONFLICT: entry(false, 'The `clientMessageId` was used before for another content or target.', 'Make a new id.'),
  CURSOR_AHEAD: entry(false, 'A number past the last one was given.', 'Start again from a position the server gave.'),
  CURSOR_EXPIRED: entry(false, 'A position below what retention kept.', 'Start from the floor the error names.'),
  RATE_LIMITED: entry(true, 'Too many requests of this kind.', 'Wait `retryAfterMs`, then repeat.'),
  QUERY_TOO_COMPLEX: entry(false, 'The operation is larger than the limits allow.', 'Ask for less at once.'),
  UNAVAILABLE: entry(
    true,
    'A store did not answer in time; the outcome of a write is unknown.',
    'Repeat with the same `clientMessageId`.',
  ),
  OVERLOADED: entry(true, 'The server has more work than it may take on.', 'Repeat after a pause that grows.'),
  INTERNAL_SERVER_ERROR: entry(
    true,
    'A fault of the server, logged with its trace.',
    'Repeat after a pause; report it when it stays.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

function entry(retryable: boolean, meaning: string, clientAction: string): ErrorEntry {
  return { retryable, meaning, clientAction };
}

/** A failure that is part of the contract: everything else is a bug and is masked. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  /** More for `extensions`, such as `retryAfterMs` or `floor`. JSON values only. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DomainError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get retryable(): boolean {
    return errorCatalogue[this.code].retryable;
  }
}

/** Why the server cannot start, in words for whoever starts it: they need no stack to put it right. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

export interface CloseEntry {
  readonly code: number;
  /** Whether a client comes back: with the same token, with a new one, or not, because it is at fault. */
  readonly reconnect: 'same token' | 'new token' | 'no';
  readonly meaning: string;
  /** What a client does next. */
  readonly clientAction: string;
}

/**
 * Why the server closes a WebSocket. A lost network (1006 at the client) is no code of the server's: come back with the same
 * token. `docs/errors.md` shows the same list; a test holds the two equal.
 */
export const closeCodes = {
  protocolError: {
    code: 1002,
    reconnect: 'no',
    meaning: 'A frame breaks the WebSocket protocol.',
    clientAction: 'Use another WebSocket library.',
  },
  notText: {
    code: 1007,
    reconnect: 'no',
    meaning: 'A text frame is not UTF-8.',
    clientAction: 'Encode messages as UTF-8.',
  },
  policyViolation: {
    code: 1008,
    reconnect: 'no',
    meaning: 'A message came in far too many fragments.',
    clientAction: 'Send each message in one frame.',
  },
  messageTooBig: {
    code: 1009,
    reconnect: 'no',
    meaning: 'A message is larger than `REQUEST_MAX_BYTES`.',
    clientAction: 'Send less at once.',
  },
  serviceRestart: {
    code: 1012,
    reconnect: 'same token',
    meaning: 'The server is draining; another instance, or its next start, answers.',
    clientAction: 'Come back after a pause of random length, and resume from the last position.',
  },
  tryAgainLater: {
    code: 1013,
    reconnect: 'same token',
    meaning:
      'The client does not read fast enough, its user has too many sockets, or the server cannot go on with it now.',
    clientAction: 'Come back after a pause that grows, and resume from the last position.',
  },
  badRequest: {
    code: 4400,
    reconnect: 'no',
    meaning: 'Not a message of the protocol graphql-transport-ws.',
    clientAction: 'Correct the message.',
  },
  unauthorized: {
    code: 4401,
    reconnect: 'no',
    meaning: 'An operation before `connection_ack`.',
    clientAction: 'Wait for `connection_ack`.',
  },
  forbidden: {
    code: 4403,
    reconnect: 'new token',
    meaning: 'The token is bad, has expired or was revoked.',
    clientAction: 'Refresh the session or log in again, then come back and resume from the last position.',
  },
  subprotocol: {
    code: 4406,
    reconnect: 'no',
    meaning: 'The socket was opened without the subprotocol `graphql-transport-ws`.',
    clientAction: 'Ask for `graphql-transport-ws`.',
  },
  initTimeout: {
    code: 4408,
    reconnect: 'same token',
    meaning: 'No `connection_init` in time.',
    clientAction: 'Come back, and send `connection_init` at once.',
  },
  subscriberExists: {
    code: 4409,
    reconnect: 'no',
    meaning: 'The operation id is in use on this socket.',
    clientAction: 'Make a new id for every operation.',
  },
  tooManyRequests: {
    code: 4429,
    reconnect: 'no',
    meaning: 'More than one `connection_init` on a socket, or a flood of messages.',
    clientAction: 'Send it once; look for a loop.',
  },
} as const satisfies Record<string, CloseEntry>;
