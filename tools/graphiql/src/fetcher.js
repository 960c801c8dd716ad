/** Sends the operations of the page: subscriptions over the WebSocket, all others over HTTP. */
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';
import { getSession } from './account.js';
import { graphqlUrl } from './endpoint.js';
import { answerOf, serverIsAway } from './sentences.js';
import { subscribe } from './streams.js';

/** On a connection that died silently, there would be no answer for minutes. */
const answerWithinMs = 15_000;

async function request(url, init) {
  const session = getSession();
  const fetcher = session === null ? fetch : session.withToken(fetch);
  try {
    const response = await fetcher(url, { ...init, signal: AbortSignal.timeout(answerWithinMs) });
    // A proxy's own answer, for example while the server restarts.
    if (!response.headers.get('content-type')?.includes('json')) return Response.json(answerOf(serverIsAway));
    return response;
  } catch {
    return Response.json(answerOf(serverIsAway));
  }
}

const send = createGraphiQLFetcher({ url: graphqlUrl, wsClient: { subscribe }, fetch: request });

/** GraphiQL notes the name of a tab's operation a moment late: who runs it at once would run the last tab's by name. */
export function fetcher(params, options) {
  let documentAST;
  try {
    documentAST = parse(params.query);
  } catch {
    return send(params, options); // The server says what is wrong with it.
  }
  const names = documentAST.definitions
    .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    .map(({ name }) => name?.value);
  const operationName = names.includes(params.operationName ?? undefined) ? params.operationName : names[0];
  return send({ ...params, operationName }, { ...options, documentAST });
}
