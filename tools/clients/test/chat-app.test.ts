/**
 * The app of docs/clients.md, as a newcomer gets it: it compiles in Vite's template, and in a browser it neither loses nor repeats a
 * message, with answers that come late, a restart of the server in the middle, and two tabs.
 */
import { accessSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/heliograph.ts';
import { createChatApp, createSamples } from './support/chat-app.ts';
import type { Project, Served } from './support/project.ts';
import { type Server, startServer } from './support/server.ts';

/** Runs in the page, after every change of it. */
const watchForRepeats = `
  globalThis.repeated = [];
  new MutationObserver(() => {
    const texts = [...document.querySelectorAll('li .text')].map((element) => element.textContent);
    for (const [index, text] of texts.entries()) if (texts.indexOf(text) !== index) globalThis.repeated.push(text);
  }).observe(document, { subtree: true, childList: true, characterData: true });
`;

const executablePath = '/usr/bin/chromium';
const hasChromium = (() => {
  try {
    accessSync(executablePath);
    return true;
  } catch {
    return false;
  }
})();

let project: Project;

beforeAll(async () => {
  project = await createChatApp();
});
afterAll(() => project?.[Symbol.dispose]());

it('compiles in the template of Vite', async () => {
  expect(await project.types()).toEqual({ code: 0, text: '' });
});

it('has further samples, which compile too', async () => {
  using samples = createSamples();
  expect(samples.files('src/*.ts')).not.toEqual([]);
  expect(await samples.types()).toEqual({ code: 0, text: '' });
});

it('builds', async () => {
  const { code, text } = await project.run('vite', 'build');
  expect(code, text).toBe(0);
});

// In CI a missing browser is a failure.
describe.runIf(hasChromium || process.env.CI !== undefined)('the chat app in a browser', () => {
  let server: Server;
  let app: Served;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    server = await startServer();
    app = await project.serve({ HELIOGRAPH_URL: server.process.url });
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await app?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** A browser of its own, whose answers over HTTP come up to 0.4 s late. */
  async function openBrowser(): Promise<BrowserContext> {
    const context = await browser.newContext();
    let delay = 0;
    await context.route('**/graphql', async (route) => {
      delay = (delay + 150) % 400;
      try {
        const response = await route.fetch();
        await new Promise((resolve) => setTimeout(resolve, delay));
        await route.fulfill({ response });
      } catch {
        // The server restarts.
        await route.abort().catch(() => {});
      }
    });
    await context.addInitScript({ content: watchForRepeats });
    return context;
  }

  async function openTab(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(app.url);
    return page;
  }

  async function register(page: Page, username: string): Promise<void> {
    await page.getByPlaceholder('Username').fill(username);
    await page.getByPlaceholder('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByRole('heading', { name: /Chats/ }).waitFor();
  }

  async function say(page: Page, text: string): Promise<void> {
    const field = page.getByPlaceholder('Message');
    await field.fill(text);
    await field.press('Enter');
  }

  const textsOf = (page: Page) => page.locator('li .text').allTextContents();
  const chatWith = (page: Page, name: string) => page.getByRole('button', { name: new RegExp(name) }).click();

  it('shows every message once, in one order, over late answers, a restart and two tabs', async () => {
    const [alices, bobs] = [await openBrowser(), await openBrowser()];
    const [alice, bob] = [await openTab(alices), await openTab(bobs)];
    await register(alice, 'alice');
    await register(bob, 'bob');
    // The session of the first tab.
    const second = await openTab(alices);
    await bob.getByPlaceholder('Chat with …').fill('alice');
    await bob.getByPlaceholder('Chat with …').press('Enter');
    await say(bob, 'bob 0');
    for (const page of [alice, second]) await chatWith(page, 'bob');

    const expected = ['bob 0'];
    const talk = async (lines: number, topic: string) => {
      for (let line = 1; line <= lines; line += 1) {
        for (const [page, name] of [
          [alice, 'alice'],
          [bob, 'bob'],
          [second, 'second tab'],
        ] as const) {
          const text = `${name}: ${topic}, line ${line}`;
          expected.push(text);
          await say(page, text);
        }
      }
    };
    await talk(6, 'together');
    const down = server.process.end('SIGTERM');
    await talk(2, 'while the server stops');
    await down;
    await talk(1, 'without a server');
    await server.process.start();
    await talk(2, 'again');

    const pages = [alice, second, bob];
    for (const page of pages) {
      await eventually(async () => (await textsOf(page)).length >= expected.length, 'all messages', 60_000);
      await eventually(
        async () => (await page.getByText('SENDING', { exact: true }).count()) === 0,
        'all answers',
        60_000,
      );
    }
    const lists = await Promise.all(pages.map(textsOf));
    expect(lists[0]?.toSorted()).toEqual(expected.toSorted());
    expect(lists[1]).toEqual(lists[0]);
    expect(lists[2]).toEqual(lists[0]);
    for (const page of pages) expect(await page.evaluate('globalThis.repeated')).toEqual([]);

    // Both have the conversation open, so everything is read, and nothing is unread.
    await eventually(async () => (await alice.getByText('Read by: bob').count()) === 1, 'the receipt');
    await eventually(async () => (await alice.getByText('READ', { exact: true }).count()) > 0, 'the status');
    for (const page of pages)
      await eventually(async () => (await page.getByRole('heading', { name: 'Chats (0)' }).count()) === 1, 'the total');
    await eventually(async () => (await alice.getByTitle('online').count()) === 1, 'the presence');

    await alice.reload();
    await chatWith(alice, 'bob');
    await alice.getByRole('button', { name: 'Earlier' }).click();
    await eventually(async () => (await textsOf(alice)).length === expected.length, 'all messages after a reload');
    expect(await textsOf(alice)).toEqual(lists[0]);
    expect(problems).toEqual([]);
  });

  it('keeps the list of conversations up to date while none is open', async () => {
    const [dan, erin] = [await openTab(await openBrowser()), await openTab(await openBrowser())];
    await register(dan, 'dan');
    await register(erin, 'erin');
    const rows = () => dan.getByRole('listitem').allTextContents();
    await erin.getByPlaceholder('Chat with …').fill('dan');
    await erin.getByPlaceholder('Chat with …').press('Enter');
    await say(erin, 'one');
    await eventually(async () => (await rows()).join() === 'erin 1one', 'the new conversation');
    await eventually(async () => (await erin.getByText('DELIVERED', { exact: true }).count()) === 1, 'the status');
    await say(erin, 'two');
    await eventually(async () => (await rows()).join() === 'erin 2two', 'the second message');
    await eventually(async () => (await dan.getByRole('heading', { name: 'Chats (2)' }).count()) === 1, 'the total');
    expect(await erin.getByText('READ', { exact: true }).count()).toBe(0);
    await chatWith(dan, 'erin');
    await eventually(async () => (await erin.getByText('READ', { exact: true }).count()) === 2, 'READ');
    await eventually(async () => (await dan.getByRole('heading', { name: 'Chats (0)' }).count()) === 1, 'the total');
    expect(problems).toEqual([]);
  });

  it('signs out all tabs', async () => {
    const context = await openBrowser();
    const [first, second] = [await openTab(context), await openTab(context)];
    await register(first, 'carol');
    await second.reload();
    await second.getByRole('heading', { name: /Chats/ }).waitFor();
    await first.getByRole('button', { name: 'Log out' }).click();
    for (const page of [first, second]) await page.getByRole('button', { name: 'Log in' }).waitFor();
    expect(problems).toEqual([]);
  });
});
