/** The tabs a new visitor finds, in the order of a first conversation. */
export const examples = [
  {
    query: `# Heliograph: chat as a typed GraphQL schema.
#
# 1. Sign in above: choose a username and a password of 8 characters or more, and press Register.
# 2. Open this page in a second tab, and register another user there.
# 3. Run the subscription in the tab "Stream", then send from the other tab.
#
# The schema, with a description of everything, is behind the book icon on the left.

query WhoAmI {
  viewer { id username displayName }
  server { version degraded pageSizeMax textMaxBytes }
}
`,
  },
  {
    query: `subscription Stream($afterSeq: Seq) {
  messageReceived(afterSeq: $afterSeq) {
    __typename
    ... on StreamReady { seq headSeq }
    ... on MessageReceived {
      inboxSeq: seq
      message { id seq text sentAt sender { username } conversationId }
    }
    ... on StreamTruncated { backlogs { seq conversationId fromSeq toSeq } }
    ... on StreamHeartbeat { seq }
  }
}
`,
    variables: '{ "afterSeq": "0" }',
  },
  {
    query: `query FindUser($username: String!) {
  user(username: $username) { id username displayName }
}
`,
    variables: '{ "username": "bob" }',
  },
  {
    query: `# Put in the id that FindUser gave. A resend with the same clientMessageId changes nothing.
mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    deduplicated
    sentMessage { id seq status sentAt conversationId }
  }
}
`,
    variables: `{
  "input": {
    "to": { "userId": "0" },
    "clientMessageId": "from-graphiql-1",
    "text": "Hello!"
  }
}`,
  },
  {
    query: `query Conversations {
  conversations(first: 20) {
    nodes {
      id kind title unreadCount headSeq readSeq
      lastMessage { text sender { username } }
      members { totalCount nodes { user { username } role readSeq } }
    }
  }
}
`,
  },
  {
    query: `query Offline($afterSeq: Seq!) {
  offlineMessages(afterSeq: $afterSeq, first: 50) {
    entries { seq message { id text sender { username } } }
    nextSeq headSeq hasMore
    truncated { seq conversationId fromSeq toSeq }
  }
}
`,
    variables: '{ "afterSeq": "0" }',
  },
  {
    query: `query History($conversationId: ID!, $range: HistoryRange, $before: String) {
  history(conversationId: $conversationId, range: $range, last: 20, before: $before) {
    nodes { seq text status sentAt sender { username } }
    pageInfo { hasPreviousPage startCursor }
  }
}
`,
    variables: '{ "conversationId": "0", "range": { "from": "2024-01-01T00:00:00Z" } }',
  },
  {
    query: `mutation Read($input: AckMessagesInput!) {
  ackMessages(input: $input) {
    ackedSeq
    conversations { id unreadCount readSeq }
  }
}
`,
    variables: '{ "input": { "status": "READ", "upToInboxSeq": "1" } }',
  },
  {
    query: `mutation Group($input: CreateGroupInput!) {
  createGroup(input: $input) { id title memberCount }
}
`,
    variables: '{ "input": { "title": "Team", "memberIds": [] } }',
  },
  {
    query: `subscription Receipts {
  receiptChanged { conversationId userId deliveredSeq readSeq at }
}

subscription Statuses {
  messageStatusChanged { messageId status seq sinceSeq }
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
