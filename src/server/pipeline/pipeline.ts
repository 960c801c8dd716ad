/**
 * What every operation passes, whichever transport it came by: parsing and validation (both cached), limits, execution, and
 * the masking of what went wrong.
 */
import {
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
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Context } from '../../resolvers/context.ts';
import { clientError, type ReportFault, toClientError } from './client-errors.ts';
import { type MeasuredOperation, measureOperation, type OperationLimits } from './limits.ts';
import { isShared } from './shared-fields.ts';

export interface OperationRequest {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

/** An operation that has passed everything that does not depend on its variables. */
export interface Operation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly type: 'query' | 'mutation' | 'subscription';
  /** For metrics: of a subscription its only field, else empty. */
  readonly field: string;
  readonly measured: MeasuredOperation;
  /** Whether its events can be executed once for all subscribers. */
  readonly isShared: boolean;
}

type Prepared = { readonly errors: readonly GraphQLError[] } | { readonly operations: ReadonlyMap<string, Operation> };

/** Bytes of source text whose documents are kept; a document takes some twenty times its text. */
const cacheMaxBytes = 4 * 1024 * 1024;

export type Pipeline = ReturnType<typeof createPipeline>;

export function createPipeline(ports: { schema: GraphQLSchema; limits: OperationLimits; report: ReportFault }) {
  const { schema, limits, report } = ports;
  const cache = new LRUCache<string, Prepared>({
    maxSize: cacheMaxBytes,
    sizeCalculation: (_, source) => source.length + 100,
  });

  function prepare(source: string): Prepared {
    let document: DocumentNode;
    try {
      document = parse(source, { maxTokens: limits.tokensMax });
    } catch (error) {
      const isTooLong =
        error instanceof GraphQLError && error.message.includes('more that') && error.message.includes('tokens');
      if (isTooLong)
        return { errors: [clientError('QUERY_TOO_COMPLEX', `The document has more than ${limits.tokensMax} tokens.`)] };
      return { errors: [toClientError(error, 'GRAPHQL_PARSE_FAILED', report)] };
    }
    const invalid = validate(schema, document, undefined, { maxErrors: 20 });
    if (invalid.length > 0)
      return { errors: invalid.map((error) => toClientError(error, 'GRAPHQL_VALIDATION_FAILED', report)) };
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    }
    const operations = new Map<string, Operation>();
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
      const measured = measureOperation(schema, definition, fragments, limits);
      const first = definition.selectionSet.selections[0];
      const type = definition.operation;
      const field = type === 'subscription' && first?.kind === Kind.FIELD ? first : null;
      operations.set(definition.name?.value ?? '', {
        document,
        definition,
        type,
        field: field?.name.value ?? '',
        measured,
        isShared:
          field?.name.value === 'messageReceived' &&
          field.selectionSet !== undefined &&
          isShared(schema, field.selectionSet, 'MessageStreamEvent', fragments),
      });
    }
    return { operations };
  }

  function choose(
    operations: ReadonlyMap<string, Operation>,
    name: string | null | undefined,
  ): Operation | GraphQLError {
    if (name != null && name !== '') {
      return (
        operations.get(name) ?? clientError('OPERATION_RESOLUTION_FAILURE', `The document has no operation ${name}.`)
      );
    }
    const [only, ...others] = operations.values();
    if (only === undefined) return clientError('OPERATION_RESOLUTION_FAILURE', 'The document has no operation.');
    if (others.length > 0)
      return clientError('OPERATION_RESOLUTION_FAILURE', 'The document has several operations: send operationName.');
    return only;
  }

  function executionArgs(operation: Operation, request: OperationRequest, contextValue: Context) {
    return {
      schema,
      document: operation.document,
      operationName: operation.definition.name?.value ?? null,
      variableValues: request.variables ?? {},
      contextValue,
    };
  }

  /** Without data nothing ran: what is wrong then are the variables. */
  function masked(result: ExecutionResult): ExecutionResult {
    if (result.errors === undefined) return result;
    const otherwise = 'BAD_USER_INPUT';
    return { ...result, errors: result.errors.map((error) => toClientError(error, otherwise, report)) };
  }

  return {
    /** Finds the operation a request means, or what is wrong with it. */
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
      const cost = operation.measured.cost(request.variables ?? {});
      if (cost > limits.costMax) {
        return [
          clientError(
            'QUERY_TOO_COMPLEX',
            `The operation may answer ${cost} fields; at most ${limits.costMax} are allowed.`,
            { cost },
          ),
        ];
      }
      return operation;
    },

    /** Runs a query or mutation. Never rejects. */
    async execute(operation: Operation, request: OperationRequest, context: Context): Promise<ExecutionResult> {
      return masked(await execute(executionArgs(operation, request, context)));
    },

    /** Calls a subscription's resolver: what it returned, or a result that has only errors. Never rejects. */
    async subscribe(operation: Operation, request: OperationRequest, context: Context): Promise<unknown> {
      const answer = await createSourceEventStream(executionArgs(operation, request, context));
      return Symbol.asyncIterator in answer ? answer : masked(answer);
    },

    /** The result of one event of a subscription. */
    render(
      operation: Operation,
      request: OperationRequest,
      context: Context,
      event: unknown,
    ): ExecutionResult | Promise<ExecutionResult> {
      const rootValue = { [operation.field]: event };
      const result = execute({ ...executionArgs(operation, request, context), rootValue });
      return result instanceof Promise ? result.then(masked) : masked(result);
    },

    mask: (error: unknown) => toClientError(error, 'BAD_USER_INPUT', report),
  };
}
