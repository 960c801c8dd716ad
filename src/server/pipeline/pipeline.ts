/**
 * The pipeline of every operation on both transports: parsing and validation (both cached), limits, execution, and the masking of
 * errors.
 */
import {
  type ASTVisitor,
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  TokenKind,
  type ValidationContext,
  validate,
} from 'graphql';
import type { ErrorCode } from '../../domain/errors.ts';
import type { OnSecurityEvent } from '../../domain/security-event.ts';
import { type Context, sessionlessFields } from '../../resolvers/context.ts';
import { listBounds } from '../../resolvers/list-bounds.ts';
import { clientError, type ReportFault, toClientError } from './client-errors.ts';
import { createCost } from './cost.ts';
import { createDocumentCache, type Tokenised } from './document-cache.ts';
import { type MeasuredOperation, measureOperation, type OperationLimits } from './limits.ts';
import { createListSizes } from './list-sizes.ts';
import { fieldsOf } from './selections.ts';
import { isShared, variablesOfEvents } from './shared-fields.ts';
import { illFormedVariables } from './well-formed.ts';

export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Variables | null;
}

/** An operation that has passed all checks that do not depend on its variables. */
export interface Operation {
  /** The text of the document, shared by all requests with the same text. */
  readonly source: string;
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly type: 'query' | 'mutation' | 'subscription';
  /** For metrics: the only field of a subscription, otherwise empty. */
  readonly field: string;
  /** Whether any of its fields needs a viewer. */
  readonly needsSession: boolean;
  readonly measured: MeasuredOperation;
  /** Whether its events can be executed once for all subscribers. */
  readonly isShared: boolean;
  /** For a shared operation, the variables that its events depend on. */
  readonly eventVariables: readonly string[];
}

export function isErrors(answer: Operation | readonly GraphQLError[]): answer is readonly GraphQLError[] {
  return Array.isArray(answer);
}

export type Variables = Readonly<Record<string, unknown>>;

type Prepared = Tokenised &
  ({ readonly errors: readonly GraphQLError[] } | { readonly operations: ReadonlyMap<string, Operation> });

/** Each error contains the whole invalid value, so its cost grows with the value. */
const executionOptions = { maxCoercionErrors: 5 };

/** graphql-js's addition to the message about a misspelt name. */
const suggestion = / ?Did you mean .*$/s;

/** Bounds in graphql-js: its budget for comparing fields that overlap, and the lists within lists of an introspection. */
const comparedFieldsMax = 500_000;
const introspectionListsMax = 3;
/** Errors of a mutation that holds too much. */
const refusedErrorsMax = 20;

export type Pipeline = ReturnType<typeof createPipeline>;

export function createPipeline(ports: {
  schema: GraphQLSchema;
  limits: OperationLimits;
  /** Whether clients may query the schema. */
  introspection: boolean;
  report: ReportFault;
  onSecurityEvent: OnSecurityEvent;
}) {
  const { schema, limits, introspection, report, onSecurityEvent } = ports;
  const rules = introspection ? specifiedRules : [...specifiedRules, refuseIntrospection];
  const costOf = createCost(schema, createListSizes(schema, listBounds), limits.pageSizeMax);
  const cache = createDocumentCache<Prepared>();

  function prepare(source: string): Prepared {
    let document: DocumentNode;
    let invalid: readonly GraphQLError[];
    try {
      document = parse(source, { maxTokens: limits.tokensMax });
      invalid = validate(schema, document, rules, { maxErrors: 20 });
    } catch (error) {
      if (error instanceof RangeError)
        return { tokens: 0, errors: [tooComplex('Document is nested too deeply.', limits.depthMax)] };
      const { message } = error as Error;
      if (message.includes('more that') && message.includes('tokens'))
        return {
          tokens: 0,
          errors: [tooComplex(`Document has more than ${limits.tokensMax} tokens.`, limits.tokensMax)],
        };
      const otherwise = message.startsWith('Syntax Error') ? 'GRAPHQL_PARSE_FAILED' : 'GRAPHQL_VALIDATION_FAILED';
      return { tokens: 0, errors: [toClientError(error, otherwise, report)] };
    }
    const tokens = tokensOf(document);
    if (invalid.some(({ message }) => message === 'Validation aborted.'))
      return { tokens, errors: [tooComplex('Document repeats too many fields to compare.', comparedFieldsMax)] };
    if (invalid.some(({ message }) => message === 'Maximum introspection depth exceeded'))
      return { tokens, errors: [tooComplex('Introspection may nest at most three lists.', introspectionListsMax)] };
    if (invalid.length > 0)
      return {
        tokens,
        errors: invalid.map((error) => toClientError(shown(error), 'GRAPHQL_VALIDATION_FAILED', report, document)),
      };
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    }
    const operations = new Map<string, Operation>();
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const measured = measureOperation(definition, fragments, tokens, limits, costOf);
      const type = definition.operation;
      const roots = fieldsOf(definition.selectionSet, fragments);
      const field = type === 'subscription' ? (roots[0]?.name.value ?? '') : '';
      operations.set(definition.name?.value ?? '', {
        source,
        document,
        definition,
        type,
        field,
        needsSession: roots.some(({ name: { value } }) => !value.startsWith('__') && !sessionlessFields.has(value)),
        measured,
        isShared: type === 'subscription' && isShared(schema, definition.selectionSet, 'Subscription', fragments),
        eventVariables: type === 'subscription' ? variablesOfEvents(definition.selectionSet, fragments, roots) : [],
      });
    }
    return { tokens, operations };
  }

  /** A schema that may not be queried must not be guessed either, by names that are almost right. */
  function shown(error: GraphQLError): GraphQLError {
    if (introspection) return error;
    return new GraphQLError(error.message.replace(suggestion, ''), error);
  }

  function choose(
    operations: ReadonlyMap<string, Operation>,
    name: string | null | undefined,
  ): Operation | GraphQLError {
    if (name != null && name !== '') {
      return (
        operations.get(name) ??
        clientError('OPERATION_RESOLUTION_FAILURE', 'Document has no operation with the name in operationName.')
      );
    }
    const [only, ...others] = operations.values();
    if (only === undefined) return clientError('OPERATION_RESOLUTION_FAILURE', 'Document has no operation.');
    if (others.length > 0)
      return clientError('OPERATION_RESOLUTION_FAILURE', 'Document has several operations; send operationName.');
    return only;
  }

  function executionArgs(operation: Operation, variables: Variables, contextValue: Context) {
    return {
      schema,
      document: operation.document,
      operationName: operation.definition.name?.value ?? null,
      variableValues: variables,
      contextValue,
      options: executionOptions,
    };
  }

  /** Masks the errors of a result. Without data nothing ran, because the variables are invalid. */
  function masked(result: ExecutionResult): ExecutionResult {
    if (result.errors === undefined) return result;
    const otherwise = 'BAD_USER_INPUT';
    return { ...result, errors: result.errors.map((error) => toClientError(shown(error), otherwise, report)) };
  }

  /** Reports refusals that the viewer's permissions are the reason for. */
  function reported(result: ExecutionResult, { viewer, client }: Context): ExecutionResult {
    if (viewer === null) return result;
    for (const { extensions, path } of result.errors ?? [])
      if (extensions.code === 'FORBIDDEN')
        onSecurityEvent({
          name: 'access-refused',
          userId: viewer.userId,
          deviceId: viewer.deviceId,
          address: client.address,
          reason: String(path?.[0]),
        });
    return result;
  }

  return {
    /** Finds the requested operation, or the errors of the request. */
    prepare(request: OperationRequest): Operation | readonly GraphQLError[] {
      let prepared = cache.get(request.query);
      if (prepared === undefined) {
        prepared = prepare(request.query);
        cache.set(request.query, prepared);
      }
      if ('errors' in prepared) return prepared.errors;
      const operation = choose(prepared.operations, request.operationName);
      if (operation instanceof GraphQLError) return [operation];
      if (operation.measured.error !== null) return [operation.measured.error];
      const illFormed = illFormedVariables(request.variables);
      if (illFormed !== null) return [illFormed];
      const cost = operation.measured.cost(request.variables ?? {});
      if (cost > limits.costMax) {
        return [
          clientError('QUERY_TOO_COMPLEX', `Operation may return ${cost} fields; the maximum is ${limits.costMax}.`, {
            cost,
            max: limits.costMax,
          }),
        ];
      }
      return operation;
    },

    /** Whether a document has been prepared before, and has operations. */
    isValid(source: string): boolean {
      const prepared = cache.peek(source);
      return prepared !== undefined && 'operations' in prepared;
    },

    /** The cost of an operation with the variables of a request. */
    costOf: ({ measured }: Operation, { variables }: OperationRequest): number => measured.cost(variables ?? {}),

    /** Runs a query or mutation. Never rejects. */
    async execute(operation: Operation, variables: Variables, context: Context): Promise<ExecutionResult> {
      const result = await execute(executionArgs(operation, variables, context));
      const { refusal } = context.budget;
      if (refusal === null) return reported(masked(result), context);
      // Each field after the first reports it again. A query ends with it as a whole, so that no part of its answer is kept.
      if (operation.type === 'query')
        return masked({ errors: [new GraphQLError(refusal.message, { originalError: refusal })] });
      return masked({ ...result, errors: result.errors?.slice(0, refusedErrorsMax) });
    },

    /** Calls a subscription's resolver. Returns its value, or a result with only errors. Never rejects. */
    async subscribe(operation: Operation, variables: Variables, context: Context): Promise<unknown> {
      const answer = await createSourceEventStream(executionArgs(operation, variables, context));
      return Symbol.asyncIterator in answer ? answer : masked(answer);
    },

    /** The result of one event of a subscription. */
    render(
      operation: Operation,
      variables: Variables,
      context: Context,
      event: unknown,
    ): ExecutionResult | Promise<ExecutionResult> {
      const rootValue = { [operation.field]: event };
      const result = execute({ ...executionArgs(operation, variables, context), rootValue });
      return result instanceof Promise ? result.then(masked) : masked(result);
    },

    /** @param otherwise - the code for errors of libraries that have none of the catalogue */
    mask: (error: unknown, otherwise: ErrorCode = 'BAD_USER_INPUT') => toClientError(error, otherwise, report),
  };
}

/** GraphQL's own rule repeats itself for each field below these two. */
function refuseIntrospection(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.name.value !== '__schema' && node.name.value !== '__type') return undefined;
      context.reportError(new GraphQLError('Introspection is disabled.', { nodes: node }));
      return false;
    },
  };
}

/** As `maxTokens` counts them: without comments, the beginning and the end. */
function tokensOf({ loc }: DocumentNode): number {
  let count = 0;
  for (let token = loc?.startToken.next; token != null; token = token.next) {
    if (token.kind !== TokenKind.COMMENT && token.kind !== TokenKind.EOF) count += 1;
  }
  return count;
}

function tooComplex(message: string, max: number): GraphQLError {
  return clientError('QUERY_TOO_COMPLEX', message, { max });
}
