/** The programs in docs/clients.md, which the tests in tools/clients compile and run. */
import { expect, it } from 'vitest';
import { filesOf, page } from '../../tools/clients/test/support/chat-app.ts';

it('the programs of the page begin with their path', () => {
  expect(Object.keys(filesOf(page))).toEqual(expect.arrayContaining(['src/live.ts', 'src/Chat.tsx', 'src/cache.ts']));
});

it('a program without a path is reported', () => {
  expect(() => filesOf('```ts\nconst a = 1;\n```\n')).toThrow('does not begin with its path');
});
