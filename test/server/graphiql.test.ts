import { readFileSync } from 'node:fs';
import { parse, validate } from 'graphql';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolvers } from '../../src/resolvers/index.ts';
import { createSchema } from '../../src/resolvers/schema.ts';
import { freePort } from '../support/free-port.ts';
import { hasChromium, openBrowser, registerIn, run, shown, type TestBrowser } from '../support/graphiql.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { startPrefixProxy } from '../support/prefix-proxy.ts';

describe('the built page', () => {
  it('is as new as its sources (npm run graphiql:build)', async () => {
    const { hashSources } = (await import('../../tools/graphiql/sources.js' as string)) as { hashSources(): string };
    const built = readFileSync(
      new URL('../../src/server/graphiql/static/sources.sha256', import.meta.url),
      'utf8',
    ).trim();
    expect(built).toBe(hashSources());
  });

  it('offers examples that are valid', async () => {
    const { examples } = (await import('../../tools/graphiql/src/examples.js' as string)) as {
      examples: { query: string; variables?: string }[];
    };
    const schema = createSchema(resolvers);
    for (const { query, variables } of examples) {
      expect(validate(schema, parse(query)), query).toEqual([]);
      JSON.parse(variables ?? '{}');
    }
  });
});

describe.skipIf(!hasChromium)('GraphiQL in Chromium', () => {
  let server: TestServer;
  let browser: TestBrowser;
  const foreign: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    server = await startServer({ PORT: await freePort() });
    browser = await openBrowser();
    browser.context.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).host !== new URL(server.url).host)
        foreign.push(request.url());
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  async function openTab(name: string, url = server.url, into = complaints): Promise<Page> {
    const page = await browser.context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') into.push(message.text());
    });
    page.on('pageerror', (error) => into.push(String(error)));
    await page.goto(url);
    await registerIn(page, name);
    return page;
  }

  it('leads from / to a page on which two tabs chat', async () => {
    const [alice, bob] = [await openTab('alice'), await openTab('bob')];
    expect(new URL(alice.url()).pathname).toBe('/graphiql');
    await run(bob, 'query Me { viewer { user { username } } }');
    await expect.poll(() => shown(bob), { timeout: 15_000 }).toContain('bob');
    await run(
      bob,
      'subscription S { messageReceived(afterSeq: "0") { __typename ... on MessageReceived { message { text } } } }',
    );
    await expect.poll(() => shown(bob), { timeout: 15_000 }).toContain('StreamReady');
    const id = (await alice.evaluate(async () => {
      const session = JSON.parse(sessionStorage.getItem('heliograph.session') ?? '{}') as { accessToken: string };
      const answer = await fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${session.accessToken}` },
        body: JSON.stringify({ query: '{ user(by: { username: "bob" }) { id } }' }),
      });
      return ((await answer.json()) as { data: { user: { id: string } } }).data.user.id;
    })) as string;
    await run(
      alice,
      `mutation M { sendMessage(input: { to: { userId: "${id}" }, clientMessageId: "1", text: "from another tab" }) { sentMessage { status } } }`,
    );
    await expect.poll(() => shown(alice), { timeout: 15_000 }).toContain('SENT');
    await expect.poll(() => shown(bob), { timeout: 15_000 }).toContain('from another tab');
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  }, 90_000);

  it('runs the example stream across a restart of the server, and keeps earlier events visible', async () => {
    const [carol, dave] = [await openTab('carol'), await server.user()];
    const { user } = await dave.ask('{ user(by: { username: "carol" }) { id } }');
    await carol.getByRole('tab', { name: 'Stream' }).click();
    // At once: the page still has the operation of the tab before in mind.
    await carol.getByRole('button', { name: /execute query/i }).click();
    await expect.poll(() => shown(carol), { timeout: 15_000 }).toContain('StreamReady');
    for (const text of ['first', 'second']) await dave.send({ userId: user.id }, text);
    // The editor renders only its visible part, so the older ones are further down.
    const sees = async (...texts: string[]) => {
      const text = await shown(carol);
      return texts.filter((one) => !text.includes(one));
    };
    await expect.poll(() => sees('"second"', 'earlierEvents', '"first"'), { timeout: 15_000 }).toEqual([]);
    await server.restart();
    await dave.send({ userId: user.id }, 'third');
    // It continued after the second one, instead of starting again.
    await expect.poll(() => sees('"third"', '"startSeq": "2"'), { timeout: 15_000 }).toEqual([]);
    const screenshot = process.env.SCREENSHOT;
    if (screenshot !== undefined) await carol.screenshot({ path: screenshot });
  }, 90_000);

  it('opens with the unchanged examples, regardless of other tabs’ editors', async () => {
    const [frank, grace] = [await openTab('frank'), await openTab('grace')];
    await run(frank, 'query Mine { viewer { user { username } } }');
    await expect.poll(() => shown(frank), { timeout: 15_000 }).toContain('frank');
    await grace.getByRole('tab', { name: 'Send' }).click();
    await frank.close();
    const heidi = await openTab('heidi');
    expect(await heidi.getByRole('tab').allInnerTexts()).toEqual([
      'WhoAmI',
      'Stream',
      'FindUser',
      'Send',
      'Read',
      'Conversations',
      'History',
      'Offline',
      'Group',
      'Statuses',
    ]);
    const editor = await heidi.locator('.graphiql-query-editor').textContent();
    expect(editor?.replaceAll('\u00a0', ' ')).toContain('chat as a typed GraphQL schema');
  }, 90_000);

  it('works under the path prefix of a proxy, over HTTP and WebSocket', async () => {
    await using proxy = await startPrefixProxy(server.url, '/chat');
    const own: string[] = [];
    const [page, jack] = [await openTab('ivan', proxy.url, own), await server.user()];
    expect(page.url()).toBe(`${proxy.url}graphiql`);
    await run(page, 'query Me { viewer { user { id username } } }');
    await expect.poll(() => shown(page), { timeout: 15_000 }).toContain('ivan');
    await page.getByRole('tab', { name: 'Stream' }).click();
    await page.getByRole('button', { name: /execute query/i }).click();
    await expect.poll(() => shown(page), { timeout: 15_000 }).toContain('StreamReady');
    const { user } = await jack.ask('{ user(by: { username: "ivan" }) { id } }');
    await jack.send({ userId: user.id }, 'under a prefix');
    await expect.poll(() => shown(page), { timeout: 15_000 }).toContain('under a prefix');
    // A reader may leave the slash on.
    await page.goto(`${proxy.url}graphiql/`);
    expect(page.url()).toBe(`${proxy.url}graphiql`);
    expect(own).toEqual([]);
    await page.close();
  }, 90_000);

  it('keeps no data of a user who logs out', async () => {
    const page = await openTab('kate');
    await run(page, 'query Secret { user(by: { username: "kate" }) { displayName } }');
    await expect.poll(() => shown(page), { timeout: 15_000 }).toContain('kate');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    expect(await shown(page)).not.toContain('kate');
    const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
    expect(kept).not.toMatch(/kate|Secret/);
    await page.close();
  }, 90_000);

  it('shows the problem with a sign-in, and the signed-in user', async () => {
    const page = await browser.context.newPage();
    await page.goto(server.url);
    await page.getByLabel('Username').fill('erin');
    await page.getByLabel('Password').fill('short');
    await page.getByRole('button', { name: 'Register' }).click();
    await expect
      .poll(() => page.locator('.bar [role=alert]').textContent(), { timeout: 15_000 })
      .toContain('password must have 8');
    await page.getByLabel('Password').fill('long enough');
    await page.getByRole('button', { name: 'Register' }).click();
    await expect
      .poll(() => page.getByTestId('signed-in').textContent(), { timeout: 15_000 })
      .toContain('Signed in as erin');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Log in' }).waitFor();
  }, 90_000);
});
