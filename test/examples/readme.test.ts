import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

it("shows code in the README's first conversation that is part of the program the tests run", () => {
  const section = /## A first conversation from code\n(.*?)\n## /s.exec(read('README.md'))?.[1] ?? '';
  const blocks = [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code ?? '');
  expect(blocks).not.toEqual([]);
  const program = read('examples/first-conversation.js');
  expect(blocks.filter((code) => !program.includes(code))).toEqual([]);
});
