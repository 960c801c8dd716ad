/** What the page says in place of an exception and its stack. */
export const serverIsAway = 'The server cannot be reached. Try again when it is back.';
export const sessionIsOver = 'Your session has ended: log in again.';
export const signInFirst = 'Subscriptions need a session: log in or register in the bar above.';

/** An answer of one sentence, in the form of the server's own. */
export const answerOf = (message) => ({ errors: [{ message }] });
