/** One operation over HTTP, as Apollo Server calls it: the pipeline prepares it in place of Apollo's parser and validation, and runs it. */
import {
  type GraphQLRequestContextDidResolveSource,
  type GraphQLRequestContextResponseForOperation,
  type GraphQLRequestContextWillSendResponse,
  type GraphQLRequestListener,
  type GraphQLResponse,
  HeaderMap,
} from '@apollo/server';
import {
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLError,
  Kind,
  OperationTypeNode,
} from 'graphql';
import { outcomeOf, takeCost } from '../admission.ts';
import { statusOf } from '../answer-status.ts';
import { jsonType } from '../media-type.ts';
import { clientError } from '../pipeline/client-errors.ts';
import { isErrors, type Operation, type OperationRequest, type Pipeline } from '../pipeline/pipeline.ts';
import type { ServerPorts } from '../ports.ts';
import type { HttpContext } from './http-request.ts';

/** The status and the headers follow from the result, before it is sent. */
const noHead = { headers: new HeaderMap() };

export class HttpOperation implements GraphQLRequestListener<HttpContext> {
  private readonly ports: ServerPorts;
  private readonly pipeline: Pipeline;
  private readonly startedAt = performance.now();
  private prepared: Operation | readonly GraphQLError[] | null = null;
  private request: OperationRequest | null = null;
  private type = 'none';
  /** Whether the pipeline made the answer. Apollo Server makes the others, with the statuses of its own. */
  private isAnswered = false;

  constructor(ports: ServerPorts, pipeline: Pipeline) {
    this.ports = ports;
    this.pipeline = pipeline;
  }

  /** Called with the text of the document, before Apollo Server would parse it: a document that it finds here, it takes as valid. */
  async didResolveSource(context: GraphQLRequestContextDidResolveSource<HttpContext>): Promise<void> {
    const { request, source, contextValue } = context;
    const { operationName = null, variables = null } = request;
    this.request = { query: source, operationName, variables };
    try {
      this.prepared = await this.prepare(this.request, contextValue);
    } catch (error) {
      this.prepared = [this.pipeline.mask(error)];
    }
    const document = isErrors(this.prepared) ? standIn(operationName) : this.prepared.document;
    (context as { document?: DocumentNode }).document = document;
  }

  /** Runs in place of Apollo Server's execution. */
  async run(context: HttpContext): Promise<ExecutionResult> {
    this.isAnswered = true;
    const { prepared, request } = this;
    if (prepared === null || request === null) throw new Error('Apollo Server runs an operation that is not prepared.');
    return isErrors(prepared)
      ? { errors: prepared }
      : await this.pipeline.execute(prepared, request.variables ?? {}, context);
  }

  /** Called before each answer. */
  async willSendResponse({
    response,
    contextValue,
  }: GraphQLRequestContextWillSendResponse<HttpContext>): Promise<void> {
    const { mediaType } = contextValue.request;
    const { http, body } = response;
    const result = body.kind === 'single' ? body.singleResult : null;
    const errors = result?.errors as readonly GraphQLError[] | undefined;
    http.headers.set('content-type', mediaType);
    // 500 is Apollo Server's status for an error of a plugin that names none.
    if ((this.isAnswered || http.status === 500) && errors !== undefined && result?.data === undefined) {
      const hasStatus = mediaType !== jsonType;
      const answer = hasStatus ? statusOf(errors) : null;
      http.status = hasStatus ? (answer?.status ?? 400) : 200;
      for (const [name, value] of Object.entries(answer?.headers ?? {})) http.headers.set(name, value);
    }
    const code = outcomeOf(errors as readonly { extensions: Record<string, unknown> }[] | undefined);
    this.ports.metrics.operationDone({ transport: 'http', type: this.type, code }, performance.now() - this.startedAt);
  }

  private async prepare(
    request: OperationRequest,
    { viewer, client: { network }, request: { tokenError, batch } }: HttpContext,
  ): Promise<Operation | readonly GraphQLError[]> {
    const operation = this.pipeline.prepare(request);
    // Most clients send their token with every request. After it has expired they must still be able to sign in.
    if (tokenError !== null && (isErrors(operation) || operation.needsSession)) return [tokenError];
    if (isErrors(operation)) return operation;
    const cost = this.pipeline.costOf(operation, request);
    const costBefore = batch?.cost;
    const tooLarge =
      batch?.add(operation.measured.size, cost) ?? (await takeCost(this.ports, viewer, network, cost, costBefore));
    if (tooLarge !== null) return [tooLarge];
    this.type = operation.type;
    if (operation.type !== 'subscription') return operation;
    return [clientError('BAD_REQUEST', 'Subscriptions need a WebSocket with the protocol graphql-transport-ws.')];
  }
}

/** Answers before Apollo Server comes to its execution: without plugins nobody sees the difference, and a request costs less. */
export class ShortOperation extends HttpOperation {
  async responseForOperation({
    contextValue,
  }: GraphQLRequestContextResponseForOperation<HttpContext>): Promise<GraphQLResponse> {
    const singleResult = (await this.run(contextValue)) as FormattedExecutionResult<Record<string, unknown>>;
    return { http: noHead, body: { kind: 'single', singleResult } };
  }
}

/** A document in place of one that is refused: Apollo Server looks up its operation by name before it asks for the errors. */
function standIn(operationName: string | null): DocumentNode {
  const field = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } } as const;
  const selectionSet = { kind: Kind.SELECTION_SET, selections: [field] } as const;
  const operation = { kind: Kind.OPERATION_DEFINITION, operation: OperationTypeNode.QUERY, selectionSet } as const;
  const name = { kind: Kind.NAME, value: operationName ?? '' } as const;
  return { kind: Kind.DOCUMENT, definitions: [operationName === null ? operation : { ...operation, name }] };
}
