/** The API beside this page: a proxy may serve both under a prefix. */
export const graphqlUrl = new URL('graphql', location.href).href;

export const socketUrl = graphqlUrl.replace(/^http/, 'ws');
