/**
 * The tabs a new visitor finds, in the order of a first conversation. Lines of up to 48 characters, and some 20 of them, are in sight on
 * a screen of 1,280 by 800.
 */
export const examples = [
  {
    query: `# Heliograph: chat as a typed GraphQL schema.
#
# 1. Register above with a name and a password.
# 2. In a second browser tab, register another.
# 3. There run the tab "Stream". It stays live.
# 4. Here run "FindUser" with the other's name,
#    put the id into "Send", and run that.
#
# The book icon on the left opens the schema,
# with a description of everything.

query WhoAmI {
  viewer { user { id username displayName } }
  server {
    version degraded
    pageSizeMax textMaxBytes
  }
}
`,
  },
  {
    query: `# All after the inbox number \`afterSeq\`, once,
# in order, then live. The newest is on top; this
# page keeps earlier events below it.
subscription Stream($afterSeq: Seq) {
  messageReceived(afterSeq: $afterSeq) {
    __typename
    ... on StreamReady { startSeq headSeq }
    ... on MessageReceived {
      inboxSeq
      message {
        id seq text sentAt conversationId
        sender { username }
      }
    }
    ... on StreamTruncated {
      backlogs { inboxSeq conversationId toSeq }
    }
    ... on StreamHeartbeat { position }
  }
}
`,
    variables: '{ "afterSeq": "0" }',
  },
  {
    query: `# Put the other user's name in below.

query FindUser($username: String!) {
  user(by: { username: $username }) {
    id username displayName
  }
}
`,
    variables: '{ "username": "bob" }',
  },
  {
    query: `# Put in below the id that FindUser gave.
#
# Each new message needs a new clientMessageId.
# The same id with the same text is a resend: it
# answers the first message, and sends nothing.

mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    deduplicated
    sentMessage {
      id seq status sentAt conversationId
    }
  }
}
`,
    variables: `{
  "input": {
    "to": { "userId": "0" },
    "clientMessageId": "message-1",
    "text": "Hello!"
  }
}`,
  },
  {
    query: `# All up to this inbox number is read. Put in the
# \`inboxSeq\` that Stream showed last.

mutation Read($input: AckMessagesInput!) {
  ackMessages(input: $input) {
    ackedSeq
    conversations { id unreadCount readSeq }
  }
}
`,
    variables: '{ "input": { "status": "READ", "upToInboxSeq": "1" } }',
  },
  {
    query: `# Newest activity first.

query Conversations {
  conversations(first: 20) {
    nodes {
      id kind title
      unreadCount headSeq readSeq
      lastMessage { text sender { username } }
      members {
        totalCount
        nodes { user { username } role readSeq }
      }
    }
  }
}
`,
  },
  {
    query: `# Put in an id that Conversations gave. For the
# page before, pass \`startCursor\` as \`before\`.

query History(
  $conversationId: ID!
  $range: HistoryRange
  $before: String
) {
  history(
    conversationId: $conversationId
    range: $range
    last: 20
    before: $before
  ) {
    nodes {
      seq text status sender { username }
    }
    pageInfo { hasPreviousPage startCursor }
  }
}
`,
    variables: `{
  "conversationId": "0",
  "range": { "from": "2024-01-01T00:00:00Z" }
}`,
  },
  {
    query: `# What a device may have missed. Pass \`nextSeq\`
# as the next \`afterSeq\`.

query Offline($afterSeq: Seq!) {
  offlineMessages(afterSeq: $afterSeq) {
    entries {
      inboxSeq
      message { id text sender { username } }
    }
    nextSeq headSeq hasMore
    truncated { inboxSeq conversationId toSeq }
  }
}
`,
    variables: '{ "afterSeq": "0" }',
  },
  {
    query: `# Put in below ids that FindUser gave. Then send
# to the group: "to": { "conversationId": "…" }.

mutation Group($input: CreateGroupInput!) {
  createGroup(input: $input) { conversation {
    id title memberCount
  } }
}
`,
    variables: '{ "input": { "title": "Team", "memberIds": [] } }',
  },
  {
    query: `# What others do, live. Run asks for which.
subscription Statuses {
  messageStatusChanged {
    messageId status seq sinceSeq
  }
}

subscription Receipts {
  receiptChanged {
    conversationId userId
    deliveredSeq readSeq at
  }
}

subscription Presence {
  presenceChanged { userId status lastSeenAt }
}

mutation Beat {
  heartbeat { onlineUntil headSeq serverTime }
}
`,
  },
];
