/** The API beside this page: a proxy may serve both under a prefix. Without a slash at its end. */
export const baseUrl = new URL('.', location.href).href.replace(/\/$/, '');

export const graphqlUrl = `${baseUrl}/graphql`;

export const socketUrl = graphqlUrl.replace(/^http/, 'ws');
