/** Chromium, and what a user does on the page of GraphiQL. */
import { existsSync } from 'node:fs';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { temporaryFolder } from './folders.ts';

const executablePath = '/usr/bin/chromium';
/** In CI the browser must be there: a skip would prove nothing. */
export const hasChromium = existsSync(executablePath) || process.env.CI !== undefined;
export const password = 'correct horse';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

export async function openBrowser(moreFlags: readonly string[] = []): Promise<TestBrowser> {
  const folder = temporaryFolder();
  const context = await chromium.launchPersistentContext(folder.path, {
    executablePath,
    headless: true,
    args: [...flags, ...moreFlags],
    viewport: { width: 1280, height: 800 },
  });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      folder[Symbol.dispose]();
    },
  };
}

/** Fills the form in and presses a button, or Enter. */
export async function signIn(page: Page, name: string, how: string, word = password): Promise<void> {
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password').fill(word);
  if (how === 'Enter') await page.keyboard.press('Enter');
  else await page.getByRole('button', { name: how }).click();
}

export async function registerIn(page: Page, name: string): Promise<void> {
  await signIn(page, name, 'Register');
  await page.getByTestId('signed-in').waitFor();
}

/** Puts an operation into the editor and runs it. */
export async function run(page: Page, query: string): Promise<void> {
  await page.locator('.graphiql-query-editor .monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(query);
  // The editor takes note of a new operation's name a moment later, and then keeps the tab.
  const name = /(?:query|mutation|subscription) (\w+)/.exec(query)?.[1] as string;
  await page.waitForFunction(
    (wanted) => (sessionStorage.getItem('graphiql:tabState') ?? '').includes(`"operationName":"${wanted}"`),
    name,
  );
  await execute(page);
}

/** Runs or stops what is in the editor. */
export const execute = (page: Page) => page.getByRole('button', { name: /(execute|stop) query/i }).click();

/** The answer in sight. Monaco writes spaces as no-break spaces. */
export const shown = async (page: Page) =>
  ((await page.locator('.result-window').textContent()) ?? '').replaceAll('\u00a0', ' ');
