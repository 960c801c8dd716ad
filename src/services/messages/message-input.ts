/** Validation of clients' messages. Each error names the invalid field. */
import { badInput, type DomainError } from '../../domain/errors.ts';
import { isVisible } from '../../domain/line.ts';
import type { MessageBody } from '../../domain/message.ts';
import { checkClientId } from '../client-ids.ts';
import { type AttachmentInput, checkAttachment } from './attachment-input.ts';

export interface MessageInputLimits {
  readonly textMaxBytes: number;
}

export interface MessageInput {
  readonly clientMessageId: string;
  readonly text: string;
  readonly data?: Record<string, unknown> | null;
  readonly attachments?: readonly AttachmentInput[] | null;
  readonly replyToId?: string | null;
}

export const attachmentsMax = 10;
/** Bytes that `data` and attachments may have beside the longest text. */
export const extrasMaxBytes = 16_384;

/** @throws DomainError `BAD_USER_INPUT` */
export function checkMessageInput(input: MessageInput, limits: MessageInputLimits): MessageBody {
  checkClientId('clientMessageId', input.clientMessageId);
  const { text } = input;
  const attachments = input.attachments ?? [];
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.textMaxBytes) throw tooMany(`text has ${bytes} bytes as UTF-8`, limits.textMaxBytes, 'text');
  if (!isVisible(text) && input.data == null && attachments.length === 0) {
    throw badInput('text', 'text has no visible character, and the message has neither data nor an attachment.');
  }
  if (attachments.length > attachmentsMax)
    throw tooMany(`There are ${attachments.length} attachments`, attachmentsMax, 'attachments');
  const body: MessageBody = {
    text,
    ...(input.data == null ? {} : { data: input.data }),
    ...(attachments.length === 0 ? {} : { attachments: attachments.map(checkAttachment) }),
    ...(input.replyToId == null ? {} : { replyToId: input.replyToId }),
  };
  const bodyBytes = bytesOf(body);
  const bodyMaxBytes = limits.textMaxBytes + extrasMaxBytes;
  if (bodyBytes > bodyMaxBytes)
    throw tooMany(`text, data and attachments have ${bodyBytes} bytes together`, bodyMaxBytes, 'input');
  return body;
}

/** The size of a message's content, not of its JSON text: characters that JSON escapes count once. */
function bytesOf({ text, data, attachments = [] }: MessageBody): number {
  let bytes = Buffer.byteLength(text);
  if (data !== undefined) bytes += Buffer.byteLength(JSON.stringify(data));
  for (const { url, contentType, name } of attachments)
    bytes += Buffer.byteLength(url) + Buffer.byteLength(contentType) + Buffer.byteLength(name ?? '');
  return bytes;
}

function tooMany(problem: string, max: number, field: string): DomainError {
  return badInput(field, `${problem}; the maximum is ${max}.`, { max });
}
