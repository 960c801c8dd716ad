/**
 * The catalogue of errors that clients see in `extensions.code`. A retired code is never reused.
 * `docs/errors.md` shows the same list; a test keeps the two equal.
 */
export interface ErrorEntry {
  /** Whether the same request, unchanged, may succeed later. */
  readonly retryable: boolean;
  readonly meaning: string;
  /** The client's next step. */
  readonly clientAction: string;
}

export const errorCatalogue = {
  GRAPHQL_PARSE_FAILED: entry(false, 'The document is not valid GraphQL.', 'Correct the document.'),
  GRAPHQL_VALIDATION_FAILED: entry(
    false,
    'The document does not match the schema.',
    'Correct the document; generate types from the schema.',
  ),
  OPERATION_RESOLUTION_FAILURE: entry(
    false,
    'The document does not contain the named operation, or contains several and none was named.',
    'Send `operationName`.',
  ),
  BAD_REQUEST: entry(false, 'The request is not a valid GraphQL request.', 'Correct the request.'),
  BAD_USER_INPUT: entry(false, 'An argument is malformed or out of range.', 'Correct the value that `field` names.'),
  PERSISTED_QUERY_NOT_FOUND: entry(
    false,
    'The server does not know the hash of a persisted query.',
    'Send the request again with the document.',
  ),
  PERSISTED_QUERY_NOT_SUPPORTED: entry(
    false,
    'The server keeps no persisted queries.',
    'Send the document with every request.',
  ),
  UNAUTHENTICATED: entry(
    false,
    'The session is missing, has expired or was revoked.',
    'Refresh the session or log in again.',
  ),
  FORBIDDEN: entry(
    false,
    'The session is valid, but its user is not allowed to do this.',
    'Do not repeat the request.',
  ),
  NOT_FOUND: entry(false, 'The object does not exist, or is hidden from the viewer.', 'Drop the reference.'),
  USERNAME_TAKEN: entry(false, 'Another user has this username.', 'Choose another username.'),
  ID_CONFLICT: entry(
    false,
    'The `clientMessageId` was already used in the conversation for another content.',
    'Create a new id.',
  ),
  CURSOR_AHEAD: entry(
    false,
    'A number is past the head of its sequence.',
    'Resume from a position that the server returned.',
  ),
  CURSOR_EXPIRED: entry(
    false,
    'A position is older than the retained messages.',
    'Resume from the floor that the error names.',
  ),
  RATE_LIMITED: entry(true, 'Too many requests of this kind.', 'Wait `retryAfterMs`, then retry.'),
  QUERY_TOO_COMPLEX: entry(false, 'The operation exceeds the size limits.', 'Request less at once.'),
  UNAVAILABLE: entry(
    true,
    'A store did not answer in time; the outcome of a write is unknown.',
    'Retry with the same `clientMessageId`.',
  ),
  OVERLOADED: entry(true, 'The server has too much work at the moment.', 'Retry with exponential backoff.'),
  INTERNAL_SERVER_ERROR: entry(
    true,
    'A bug or fault in the server, logged with its trace.',
    'Retry after a pause; report it if it persists.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

function entry(retryable: boolean, meaning: string, clientAction: string): ErrorEntry {
  return { retryable, meaning, clientAction };
}

/** A failure that is part of the contract. Every other error is a bug, and is masked. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  /** Additional fields for `extensions`, such as `retryAfterMs` or `floor`. JSON values only. */
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

/** @param field - the argument or input field, as a path such as `range.from` */
export function badInput(field: string, message: string, details: Record<string, unknown> = {}): DomainError {
  return new DomainError('BAD_USER_INPUT', message, { details: { field, ...details } });
}

/** The reason why the server cannot start, for the operator. It is printed without a stack because the operator can fix it. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

export interface CloseEntry {
  readonly code: number;
  /** Whether a client reconnects: with the same token, with a new one, or not at all, because the client is at fault. */
  readonly reconnect: 'same token' | 'new token' | 'no';
  readonly meaning: string;
  /** The client's next step. */
  readonly clientAction: string;
}

/**
 * The reasons why the server closes a WebSocket. The server never sends 1006: clients report it when the connection is lost, and
 * reconnect with the same token. `docs/errors.md` shows the same list; a test keeps the two equal.
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
    meaning: 'A message arrived in far too many fragments.',
    clientAction: 'Send each message in one frame.',
  },
  messageTooBig: {
    code: 1009,
    reconnect: 'no',
    meaning: 'A message is larger than `REQUEST_MAX_BYTES`.',
    clientAction: 'Send smaller messages.',
  },
  serviceRestart: {
    code: 1012,
    reconnect: 'same token',
    meaning: 'The server is draining. Another instance accepts connections, or this one does after its restart.',
    clientAction: 'Reconnect after a random delay, and resume from the last position.',
  },
  tryAgainLater: {
    code: 1013,
    reconnect: 'same token',
    meaning: 'The client reads too slowly, its user has too many sockets, or the server cannot serve it at the moment.',
    clientAction: 'Reconnect with exponential backoff, and resume from the last position.',
  },
  badRequest: {
    code: 4400,
    reconnect: 'no',
    meaning: 'A message violates the protocol graphql-transport-ws.',
    clientAction: 'Correct the message.',
  },
  unauthorized: {
    code: 4401,
    reconnect: 'no',
    meaning: 'An operation was sent before `connection_ack`.',
    clientAction: 'Wait for `connection_ack`.',
  },
  forbidden: {
    code: 4403,
    reconnect: 'new token',
    meaning: 'The token is invalid, has expired or was revoked, or the client has not signed in within a minute.',
    clientAction: 'Refresh the session or log in again, then reconnect and resume from the last position.',
  },
  subprotocol: {
    code: 4406,
    reconnect: 'no',
    meaning: 'The socket was opened without the subprotocol `graphql-transport-ws`.',
    clientAction: 'Request the subprotocol `graphql-transport-ws`.',
  },
  initTimeout: {
    code: 4408,
    reconnect: 'same token',
    meaning: '`connection_init` did not arrive in time.',
    clientAction: 'Reconnect, and send `connection_init` immediately.',
  },
  subscriberExists: {
    code: 4409,
    reconnect: 'no',
    meaning: 'The operation id is already in use on this socket.',
    clientAction: 'Use a new id for every operation.',
  },
  tooManyRequests: {
    code: 4429,
    reconnect: 'no',
    meaning: 'The socket sent more than one `connection_init`, or too many messages.',
    clientAction: 'Send `connection_init` once; look for a loop.',
  },
} as const satisfies Record<string, CloseEntry>;
