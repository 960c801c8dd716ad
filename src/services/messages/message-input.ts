/** Validation of clients' messages. Each error names the invalid field. */
import { serverKeyPrefix } from '../../domain/entry-key.ts';
import { DomainError } from '../../domain/errors.ts';
import { checkLine, isVisible } from '../../domain/line.ts';
import type { Attachment, MessageBody } from '../../domain/message.ts';

export interface MessageInputLimits {
  readonly textMaxBytes: number;
  readonly attachmentsMax: number;
}

export interface AttachmentInput {
  readonly url: string;
  readonly contentType: string;
  readonly name?: string | null;
  readonly bytes?: number | null;
}

export interface MessageInput {
  readonly clientMessageId: string;
  readonly text: string;
  readonly data?: Record<string, unknown> | null;
  readonly attachments?: readonly AttachmentInput[] | null;
  readonly replyToId?: string | null;
}

const clientMessageIdMaxBytes = 128;
const urlMax = 2_048;
const nameMax = 255;
/** type/subtype with parameters, RFC 9110 section 8.3.1. */
const contentTypePattern = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?:\s*;\s*[^\r\n]{1,200})?$/;

/** @throws DomainError `BAD_USER_INPUT` */
export function checkMessageInput(input: MessageInput, limits: MessageInputLimits): MessageBody {
  checkClientMessageId(input.clientMessageId);
  const { text } = input;
  const attachments = input.attachments ?? [];
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.textMaxBytes)
    throw bad(`text has ${bytes} bytes as UTF-8; the maximum is ${limits.textMaxBytes}.`);
  if (!isVisible(text) && input.data == null && attachments.length === 0) {
    throw bad('text has no visible character, and the message has neither data nor an attachment.');
  }
  if (attachments.length > limits.attachmentsMax)
    throw bad(`At most ${limits.attachmentsMax} attachments are allowed.`);
  return {
    text,
    ...(input.data == null ? {} : { data: input.data }),
    ...(attachments.length === 0 ? {} : { attachments: attachments.map(checkAttachment) }),
    ...(input.replyToId == null ? {} : { replyToId: input.replyToId }),
  };
}

function checkClientMessageId(id: string): void {
  const bytes = Buffer.byteLength(id);
  if (bytes < 1 || bytes > clientMessageIdMaxBytes)
    throw bad(`clientMessageId must have 1 to ${clientMessageIdMaxBytes} bytes.`);
  // Clients identify a message by its sender and this id, so it must differ from the ids of the server's entries about the sender.
  if (id.startsWith(serverKeyPrefix)) throw bad(`clientMessageId must not begin with ${serverKeyPrefix}`);
  // The id is a key in every store, and not all stores distinguish such characters.
  if (!id.isWellFormed() || id.includes('\0')) throw bad('clientMessageId must be well-formed text without NUL.');
}

function checkAttachment({ url, contentType, name, bytes }: AttachmentInput, index: number): Attachment {
  const field = `attachments[${index}]`;
  if (url.length > urlMax || !isWebAddress(url))
    throw bad(`${field}.url must be an http or https URL of at most ${urlMax} characters.`);
  if (!contentTypePattern.test(contentType)) throw bad(`${field}.contentType must be a media type such as image/png.`);
  if (bytes != null && bytes < 0) throw bad(`${field}.bytes must be 0 or more.`);
  const line = name == null ? null : checkLine(`${field}.name`, name, nameMax);
  return { url, contentType, ...(line === null ? {} : { name: line }), ...(bytes == null ? {} : { bytes }) };
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}

function bad(message: string): DomainError {
  return new DomainError('BAD_USER_INPUT', message);
}
