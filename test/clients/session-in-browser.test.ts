/** The example's `Session` in the tabs of a real browser, which share it through `localStorage`. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { hasChromium, openBrowser, type TestBrowser } from '../support/graphiql.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';

/** Not a loopback address, so that the page is not secure and has no Web Locks. */
const plainHost = 'chat.test';

const origins = [
  ['with Web Locks', '127.0.0.1', true],
  ['without Web Locks, on a page without HTTPS', plainHost, false],
] as const;

describe.skipIf(!hasChromium).each(origins)('tabs of a browser %s', (_name, host, hasLocks) => {
  let server: TestServer;
  let browser: TestBrowser;
  let url: string;
  let exchanges = 0;

  beforeAll(async () => {
    const PORT = await freePort();
    url = `http://${host}:${PORT}`;
    server = await startServer({ PORT, ALLOWED_ORIGINS: url });
    browser = await openBrowser([
      `--host-resolver-rules=MAP ${plainHost} 127.0.0.1`,
      // The page comes from the test and not from the network, so that the browser takes it for one of the internet.
      '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
    ]);
    await browser.context.route('**/app/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<h1>App</h1>' }),
    );
    await browser.context.route('**/app/*.ts', async (route) => {
      const name = new URL(route.request().url()).pathname.split('/').at(-1);
      const source = readFileSync(new URL(`../../examples/clients/${name}`, import.meta.url), 'utf8');
      await route.fulfill({ contentType: 'text/javascript', body: stripTypeScriptTypes(source) });
    });
    browser.context.on('request', (request) => {
      if (request.postData()?.includes('refreshSession')) exchanges += 1;
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    exchanges = 0;
  });
  afterEach(async () => {
    for (const page of browser.context.pages().slice(1)) await page.close();
  });

  /** A tab of the app, which runs `code` with `Session`, the server's `url` and, once it has one, its `session`. */
  async function openTab(): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(`${url}/app/`);
    return page;
  }
  const inTab = (page: Page, code: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const { Session } = await import('/app/session.ts');
      const url = ${JSON.stringify(url)};
      const options = { storage: localStorage };
      ${code}
    })()`);
  const restore = `globalThis.session ??= Session.restore(url, localStorage);`;
  const ask = `${restore}
    const response = await session.withToken(fetch)(url + '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ viewer { user { username } } }' }),
    });
    const { data, errors } = await response.json();
    return data?.viewer.user.username ?? errors[0].extensions.code;`;

  async function openTwo(name: string): Promise<[Page, Page]> {
    const tabs: [Page, Page] = [await openTab(), await openTab()];
    await inTab(tabs[0], `globalThis.session = await Session.register(url, '${name}', 'correct horse', options);`);
    for (const tab of tabs) expect(await inTab(tab, ask)).toBe(name);
    return tabs;
  }

  it('renew at once by one exchange, and stay signed in', async () => {
    const tabs = await openTwo('alice');
    expect(await tabs[0].evaluate('navigator.locks !== undefined')).toBe(hasLocks);
    for (let round = 1; round <= 3; round += 1) {
      const tokens = await Promise.all(tabs.map((tab) => inTab(tab, 'return session.renew();')));
      expect([new Set(tokens).size, exchanges]).toEqual([1, round]);
    }
    for (const tab of tabs) expect(await inTab(tab, ask)).toBe('alice');
    await tabs[1].reload();
    expect(await inTab(tabs[1], ask)).toBe('alice');
  }, 60_000);

  it('are logged out together, and notice it without a request', async () => {
    const [one, two] = await openTwo('bob');
    const noticed = inTab(two, 'await session.whenOver; return session.isOver;');
    await inTab(one, 'await session.logOut();');
    expect(await noticed).toBe(true);
    expect(await inTab(two, 'return Session.restore(url, localStorage);')).toBeNull();
    expect(await inTab(two, ask)).toBe('UNAUTHENTICATED');
  }, 60_000);

  it('survive a closed tab in the middle of a renewal', async () => {
    const [one, two] = await openTwo('carol');
    // It renews, gets no answer, and is closed in the middle.
    await one.route('**/graphql', () => {});
    void inTab(one, 'return session.renew();').catch(() => {});
    await expect.poll(() => exchanges).toBe(1);
    const renewal = inTab(two, 'return session.renew();');
    await one.close();
    expect(await renewal).toEqual(expect.any(String));
    expect(await inTab(two, ask)).toBe('carol');
  }, 60_000);
});
