/**
 * Keys for urql's Graphcache: `cacheExchange({ schema, keys })`, where `schema` is the content of `schema/published/introspection.min.json`.
 */

type Fields = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** Part of the object that it is read from. */
const embedded = () => null;
/** One for each signed-in user, or for each server. */
const single = () => 'only';

export const keys: Record<string, (fields: Fields) => string | null> = {
  // Unlike the id, the pair exists from the optimistic copy on. A selection without it is kept by its id, as another object.
  Message: ({ id, senderId, clientMessageId }) =>
    text(senderId) !== null && text(clientMessageId) !== null ? `${senderId}:${clientMessageId}` : text(id),
  // So that each event of `presenceChanged` is seen wherever `User.presence` is shown.
  Presence: ({ userId }) => text(userId),
  InboxEntry: ({ inboxSeq }) => text(inboxSeq),
  Session: ({ deviceId }) => text(deviceId),
  Viewer: single,
  ServerInfo: single,
  Attachment: embedded,
  SystemEvent: embedded,
  TruncatedBacklog: embedded,
  InboxPage: embedded,
  PageInfo: embedded,
  StreamReady: embedded,
  MessageReceived: embedded,
  StreamTruncated: embedded,
  StreamHeartbeat: embedded,
  ReceiptChange: embedded,
  MessageStatusChange: embedded,
  ...embedAll(['Conversation', 'Member', 'Message', 'User'], ['Connection', 'Edge']),
  ...embedAll(
    [
      'AckMessages',
      'AddMembers',
      'ChangePassword',
      'CreateGroup',
      'Heartbeat',
      'LeaveGroup',
      'LogIn',
      'LogOut',
      'OpenDirectConversation',
      'RefreshSession',
      'Register',
      'RemoveMembers',
      'RevokeDevice',
      'SendMessage',
      'SetMemberRole',
      'UpdateGroup',
      'UpdateProfile',
    ],
    ['Payload'],
  ),
};

function embedAll(names: readonly string[], endings: readonly string[]) {
  return Object.fromEntries(names.flatMap((name) => endings.map((ending) => [`${name}${ending}`, embedded])));
}
