/** What an app on Relay asks for. relay-compiler requires the name of the module as a prefix of each name. */
import { graphql } from 'relay-runtime';

export const members = graphql`
  fragment relay_members on Conversation
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "relayMembersPageQuery") {
    members(first: $count, after: $cursor) @connection(key: "relay_members_members") {
      edges {
        node {
          id
          user {
            displayName
          }
        }
      }
    }
  }
`;

export const messages = graphql`
  fragment relay_messages on Conversation
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "relayMessagesPageQuery") {
    messages(last: $count, before: $cursor) @connection(key: "relay_messages_messages") {
      edges {
        node {
          ...relay_message @relay(mask: false)
        }
      }
    }
  }
`;

export const message = graphql`
  fragment relay_message on Message {
    id
    seq
    status
    text
    senderId
    clientMessageId
    conversationId
  }
`;

export const conversations = graphql`
  fragment relay_conversations on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "relayConversationsPageQuery") {
    conversations(first: $count, after: $cursor) @connection(key: "relay_conversations_conversations") {
      edges {
        node {
          id
          title
          unreadCount
        }
      }
    }
  }
`;

export const user = graphql`
  fragment relay_user on User @refetchable(queryName: "relayUserQuery") {
    displayName
    presence {
      status
    }
  }
`;

export const device = graphql`
  fragment relay_device on Device @refetchable(queryName: "relayDeviceQuery") {
    name
  }
`;

export const member = graphql`
  fragment relay_member on Member @refetchable(queryName: "relayMemberQuery") {
    readSeq
  }
`;

export const viewer = graphql`
  fragment relay_viewer on Viewer @refetchable(queryName: "relayViewerQuery") {
    unreadCount
  }
`;

export const conversationQuery = graphql`
  query relayConversationQuery($id: ID!) {
    conversation(id: $id) {
      ...relay_members
      ...relay_messages
    }
    ...relay_conversations
  }
`;

export const streamSubscription = graphql`
  subscription relayStreamSubscription($afterSeq: Seq, $connections: [ID!]!) {
    messageReceived(afterSeq: $afterSeq) {
      __typename
      ... on StreamReady {
        startSeq
        headSeq
      }
      ... on MessageReceived {
        inboxSeq
        message @appendNode(connections: $connections, edgeTypeName: "MessageEdge") {
          ...relay_message @relay(mask: false)
        }
      }
      ... on StreamTruncated {
        backlogs {
          inboxSeq
          conversationId
          fromSeq
          toSeq
        }
      }
      ... on StreamHeartbeat {
        position
      }
    }
  }
`;

export const sendMutation = graphql`
  mutation relaySendMutation($input: SendMessageInput!, $connections: [ID!]!) {
    sendMessage(input: $input) {
      sentMessage @appendNode(connections: $connections, edgeTypeName: "MessageEdge") {
        ...relay_message @relay(mask: false)
      }
    }
  }
`;
