/** The cheapest possible client, so that the measurement covers the server: it parses only the necessary part of each frame. */
import { WebSocket } from 'ws';

export class RawClient {
  readonly ws: WebSocket;
  /** Called with every frame that does not answer an awaited operation. */
  onEvent: (frame: string) => void = () => {};
  private readonly answers = new Map<string, (frame: string) => void>();
  private nextId = 1;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer) => {
      const frame = data.toString('latin1');
      // {"id":"…" or {"type":…
      const end = frame.charCodeAt(2) === 105 ? frame.indexOf('"', 7) : -1;
      const id = end < 0 ? '' : frame.slice(7, end);
      const resolve = this.answers.get(id);
      if (resolve === undefined) {
        this.onEvent(frame);
      } else if (!frame.includes('"type":"complete"')) {
        this.answers.delete(id);
        resolve(frame);
      }
    });
  }

  static connect(url: string, token: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
      ws.once('error', reject);
      ws.once('close', (code) => reject(new Error(`closed with ${code}`)));
      ws.once('open', () =>
        ws.send(JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } })),
      );
      ws.once('message', () => resolve(new RawClient(ws)));
    });
  }

  ask(query: string, variables: object): Promise<string> {
    const id = `q${this.nextId++}`;
    return new Promise((resolve) => {
      this.answers.set(id, resolve);
      this.ws.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
    });
  }

  subscribe(query: string, variables: object = {}): void {
    this.ws.send(JSON.stringify({ id: `s${this.nextId++}`, type: 'subscribe', payload: { query, variables } }));
  }

  close(): void {
    this.ws.terminate();
  }
}

export const streamQuery = `subscription ($afterSeq: Seq) { messageReceived(afterSeq: $afterSeq) { __typename
  ... on StreamReady { headSeq } ... on MessageReceived { inboxSeq message { id seq text senderId clientMessageId conversationId sentAt } } } }`;

export const sendMutation = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { sentMessage { id seq status sentAt } } }`;

/** Runs at most `width` of the calls at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  call: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      while (next < items.length) {
        const index = next++;
        results[index] = await call(items[index] as T);
      }
    }),
  );
  return results;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}
