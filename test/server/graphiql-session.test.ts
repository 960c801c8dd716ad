/** Signing in on the page of GraphiQL, its connection, duplicated tabs, and streams of tabs that are not in sight. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { otherDevice } from '../support/actions.ts';
import { freePort } from '../support/free-port.ts';
import {
  execute,
  hasChromium,
  openBrowser,
  registerIn,
  run,
  shown,
  signIn,
  type TestBrowser,
} from '../support/graphiql.ts';
import { startServer, type TestServer, TestUser } from '../support/heliograph.ts';

const waiting = { timeout: 20_000 };

describe.skipIf(!hasChromium)('the page of GraphiQL', () => {
  let server: TestServer;
  let browser: TestBrowser;
  let now = Date.now();

  beforeAll(async () => {
    // Strict: a second use of a refresh token signs the user out.
    server = await startServer({ PORT: await freePort(), REFRESH_REUSE_S: '0' }, () => now);
    browser = await openBrowser();
  }, 60_000);
  afterEach(async () => {
    // One page stays: with the last one, the browser would close.
    for (const page of browser.context.pages().slice(1)) await page.close();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  async function openPage(): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(`${server.url}/graphiql`);
    // GraphiQL ignores its buttons until the editors are there.
    for (const editor of ['.graphiql-query-editor', '.result-window'])
      await page.locator(`${editor} .monaco-editor`).first().waitFor();
    return page;
  }
  async function openAs(name: string): Promise<Page> {
    const page = await openPage();
    await registerIn(page, name);
    await sees(page, 'Connected');
    return page;
  }
  /** The bar, as text. */
  const sees = (page: Page, text: string) =>
    expect.poll(() => page.locator('.bar').textContent(), waiting).toContain(text);
  /** The answer in sight. The editor wraps long lines. */
  const answers = (page: Page, text: string) =>
    expect.poll(async () => (await shown(page)).replaceAll(/ +/g, ' '), waiting).toContain(text);
  const example = async (page: Page, name: string) => {
    await page.getByRole('tab', { name, exact: true }).click();
    await expect.poll(() => page.locator('.graphiql-query-editor').textContent(), waiting).toContain(name);
  };
  /** The signed-in user as a client of the API. */
  const userOf = async (page: Page) => {
    const session = await page.evaluate(() => sessionStorage.getItem('heliograph.session'));
    return new TestUser(server, JSON.parse(session as string));
  };
  const duplicate = async (page: Page): Promise<Page> => {
    const [copy] = await Promise.all([page.waitForEvent('popup'), page.evaluate('void window.open(location.href)')]);
    await sees(copy, 'Connected');
    return copy;
  };

  describe('Enter', () => {
    it('registers the user if the name is new, and else logs them in', async () => {
      const page = await openPage();
      await signIn(page, 'anna', 'Enter');
      await sees(page, 'Signed in as anna (new), id');
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('button', { name: 'Log in' }).waitFor();
      await signIn(page, 'anna', 'Enter', 'a wrong guess');
      await sees(page, 'The password of anna is wrong.');
      await signIn(page, 'anna', 'Enter');
      await sees(page, 'Signed in as anna, id');
    }, 90_000);

    it('and both buttons are in sight on a telephone, as is the answer', async () => {
      const page = await openPage();
      await page.setViewportSize({ width: 390, height: 844 });
      const boxes = await page
        .locator('.bar input, .bar button:visible')
        .evaluateAll((elements) =>
          elements.map((element) => element.getBoundingClientRect()).map(({ left, right }) => [left, right]),
        );
      expect(boxes).toHaveLength(4);
      for (const [left, right] of boxes) expect([Number(left) >= 0, Number(right) <= 390]).toEqual([true, true]);
      await signIn(page, 'bea', 'Enter');
      await sees(page, 'Connected');
      await execute(page);
      await answers(page, '"username": "bea"');
      const width = await page.locator('.result-window').evaluate((element) => element.getBoundingClientRect().width);
      expect(width).toBeGreaterThan(300);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    }, 90_000);
  });

  describe('without a server', () => {
    it('says so in one sentence, shows that it is connecting, and continues', async () => {
      const page = await openAs('cleo');
      await example(page, 'Stream');
      await execute(page);
      await answers(page, 'StreamReady');
      const cleo = (await userOf(page)).id;
      await server.whileStopped(async () => {
        await sees(page, 'Connecting …');
        await example(page, 'Conversations');
        await execute(page);
        await answers(page, '"message": "The server cannot be reached. Try again when it is back."');
        expect(await shown(page)).not.toMatch(/stack|http:|at /);
      });
      await sees(page, 'Connected');
      await (await server.user()).send({ userId: cleo }, 'after the restart');
      await example(page, 'Stream');
      await answers(page, 'after the restart');
    }, 90_000);

    it('says so when signing in, and for a proxy that answers in its place', async () => {
      const page = await openPage();
      await page.route('**/graphql', (route) => route.fulfill({ status: 502, body: '<html>Bad Gateway</html>' }));
      await execute(page);
      await answers(page, 'The server cannot be reached.');
      await signIn(page, 'dora', 'Enter');
      await sees(page, 'The server cannot be reached.');
    }, 90_000);
  });

  it('says that the session has ended, in the bar and in place of the stream', async () => {
    const page = await openAs('emma');
    await example(page, 'Stream');
    await execute(page);
    await answers(page, 'StreamReady');
    const emma = await userOf(page);
    const phone = await otherDevice(server, emma);
    await phone.ask('mutation ($id: ID!) { revokeDevice(input: { deviceId: $id }) { viewer { user { id } } } }', {
      id: emma.session.deviceId,
    });
    await sees(page, 'Your session has ended: log in again.');
    await answers(page, '"message": "Your session has ended: log in again."');
    // The events before it stay in sight.
    await answers(page, 'StreamReady');
    expect(await shown(page)).not.toMatch(/stack|index-/);
    await execute(page);
    await answers(page, 'Subscriptions need a session');
    await signIn(page, 'emma', 'Enter');
    await sees(page, 'Signed in as emma');
  }, 90_000);

  describe('a duplicated tab', () => {
    const stillSignedIn = async (...pages: Page[]) => {
      for (const page of pages) {
        await execute(page);
        await answers(page, '"username": "fay"');
        await sees(page, 'Signed in as fay');
      }
    };

    it('is the same user, and signs nobody out, however often both renew', async () => {
      const page = await openAs('fay');
      const copy = await duplicate(page);
      const tokens = new Set<string>();
      const tokenOf = async (one: Page) => (await userOf(one)).session.accessToken;
      for (let round = 0; round < 3; round += 1) {
        await expect.poll(async () => (await tokenOf(page)) === (await tokenOf(copy)), waiting).toBe(true);
        const before = await tokenOf(page);
        tokens.add(before);
        // The server closes the sockets of both, which then need a new token at the same moment.
        now += 16 * 60_000;
        await expect.poll(async () => tokens.has(await tokenOf(page)), waiting).toBe(false);
        await expect.poll(async () => tokens.has(await tokenOf(copy)), waiting).toBe(false);
        for (const one of [page, copy]) await sees(one, 'Connected');
      }
      // As after a restart of the browser, which had put the tab to sleep before the renewals.
      const [slept] = [...tokens];
      await copy.evaluate((accessToken) => {
        const stored = JSON.parse(sessionStorage.getItem('heliograph.session') as string);
        const [device, , code] = stored.refreshToken.split('.');
        const old = { ...stored, accessToken, refreshToken: `${device}.1.${code}`, renewAt: 1 };
        sessionStorage.setItem('heliograph.session', JSON.stringify(old));
      }, slept as string);
      await copy.reload();
      await sees(copy, 'Connected');
      await stillSignedIn(page, copy);
    }, 120_000);

    it('logs out together with the other one, which says so', async () => {
      const page = await openAs('gina');
      const copy = await duplicate(page);
      await copy.getByRole('button', { name: 'Log out' }).click();
      await sees(page, 'Your session has ended: log in again.');
      await page.getByRole('button', { name: 'Log in' }).waitFor();
    }, 90_000);
  });

  describe('a stream', () => {
    const send = async (page: Page, text: string) => {
      const { id } = await userOf(page);
      await (await server.user()).send({ userId: id }, text);
    };

    it('continues when its tab is in sight again, and not in another tab’s answer', async () => {
      const page = await openAs('hana');
      await example(page, 'Stream');
      await execute(page);
      await answers(page, 'StreamReady');
      await send(page, 'seen live');
      await answers(page, 'seen live');
      await example(page, 'WhoAmI');
      await send(page, 'while away');
      await execute(page);
      await answers(page, '"username": "hana"');
      expect(await shown(page)).not.toContain('while away');
      await example(page, 'Stream');
      await answers(page, 'while away');
      await answers(page, 'earlierEvents');
      // GraphiQL leaves a subscription running when a tab is added.
      await page.getByRole('button', { name: /new tab/i }).click();
      await run(page, 'query Mine { viewer { user { username } } }');
      await answers(page, 'hana');
      await send(page, 'beside a new tab');
      await run(page, 'query Again { viewer { user { username } } }');
      await answers(page, 'hana');
      expect(await shown(page)).not.toContain('beside a new tab');
      await example(page, 'Stream');
      await answers(page, 'beside a new tab');
    }, 90_000);

    it('that the user stopped stays stopped', async () => {
      const page = await openAs('ines');
      await example(page, 'Stream');
      await execute(page);
      await answers(page, 'StreamReady');
      await execute(page);
      await page.getByRole('button', { name: /execute query/i }).waitFor();
      await example(page, 'WhoAmI');
      await example(page, 'Stream');
      await send(page, 'to nobody');
      await example(page, 'WhoAmI');
      await execute(page);
      await answers(page, '"username": "ines"');
      await example(page, 'Stream');
      expect(await shown(page)).not.toContain('to nobody');
      expect(await page.getByRole('button', { name: /execute query/i }).isVisible()).toBe(true);
    }, 90_000);
  });
});
