import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { chromium as browserType, type Browser, type Locator, type Page } from 'playwright-core';
import type * as z from 'zod';
import { chromium, chromiumArgs } from '../../../scripts/lib/vscode.ts';
import { until } from '../../support/until.ts';
import { pageUrl, servePages } from './served-pages.ts';
import { applyDefaultStyles, applyTheme, type ThemeName } from './themes.ts';

const pictures = resolve(import.meta.dirname, '../../../out/pages');

/** VS Code's side of a page, as small as it can be: what is sent goes to the test, and what is kept outlives a reload. */
const API = `{
  let taken = false;
  globalThis.acquireVsCodeApi = () => {
    if (taken) throw new Error('An instance of the VS Code API has already been acquired');
    taken = true;
    return Object.freeze({
      postMessage: (message) => void globalThis.toTest('message', JSON.stringify(message)),
      setState: (state) => (sessionStorage.setItem('state', JSON.stringify(state)), state),
      getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    });
  };
  addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
    globalThis.toTest('wrong', ['against the policy:', effectiveDirective, blockedURI, sample].join(' ')));
}`;

interface Message {
  readonly type: string;
}

export interface WebviewOptions<FromPage extends Message> {
  /** Name of the page's bundle. */
  readonly bundle: string;
  /** The guard that the panel has for the page's messages. */
  readonly incoming: z.ZodType<FromPage>;
}

/** A page of a webview in a real browser, with the test in the place of the host. */
export class Webview<ToPage extends Message, FromPage extends Message> {
  readonly page: Page;
  readonly #options: WebviewOptions<FromPage>;
  readonly #browser: Browser;
  /** All that the page has said since its start; each was let through by the panel's guard. */
  readonly #sent: FromPage[] = [];
  readonly #wrong: string[] = [];
  #theme: ThemeName = 'dark';
  #fresh = true;

  private constructor(options: WebviewOptions<FromPage>, browser: Browser, page: Page) {
    this.#options = options;
    this.#browser = browser;
    this.page = page;
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.#wrong.push(String(error.stack)));
    page.on('console', (line) => {
      if (line.type() === 'error' || line.type() === 'warning') this.#wrong.push(line.text());
    });
  }

  static async launch<ToPage extends Message, FromPage extends Message>(
    options: WebviewOptions<FromPage>,
  ): Promise<Webview<ToPage, FromPage>> {
    const browser = await browserType.launch({ executablePath: await chromium(), args: chromiumArgs });
    const context = await browser.newContext({
      viewport: { width: 1200, height: 900 },
      timezoneId: 'UTC',
      locale: 'en-US',
    });
    const webview = new Webview<ToPage, FromPage>(options, browser, await context.newPage());
    await context.exposeFunction('toTest', (kind: string, text: string) => webview.#heard(kind, text));
    await servePages(context, () => webview.#hostScript());
    return webview;
  }

  /** A new panel: nothing is kept of an earlier one. */
  async open(theme: ThemeName = 'dark'): Promise<void> {
    this.#theme = theme;
    this.#sent.length = 0;
    this.#fresh = true;
    await this.page.goto(pageUrl(this.#options.bundle));
    this.#fresh = false;
    await this.said('ready');
  }

  /** The panel was hidden and is seen again, or the window was reloaded: the page starts again with what it kept. */
  async reload(): Promise<void> {
    this.#sent.length = 0;
    await this.page.reload();
    await this.said('ready');
  }

  /** As the host does it, from the page's own origin. */
  async tell(message: ToPage): Promise<void> {
    await this.page.evaluate(`postMessage(${JSON.stringify(message)})`);
    // The message is an event of its own, behind this one.
    await this.page.evaluate('new Promise((next) => setTimeout(next))');
  }

  /** The n-th message of this type, once it is there. */
  async said<Type extends FromPage['type']>(type: Type, nth = 1): Promise<Extract<FromPage, { readonly type: Type }>> {
    const ofType = (): readonly FromPage[] => this.#sent.filter((message) => message.type === type);
    await until(
      () => ofType().length >= nth,
      () => `the page says no ${type} number ${nth}, but ${JSON.stringify(this.#sent).slice(0, 1000)}`,
    );
    return ofType()[nth - 1] as Extract<FromPage, { readonly type: Type }>;
  }

  /** What VS Code would give the page, or a panel that comes back, after a reload. */
  memory(): Promise<unknown> {
    return this.page.evaluate(`JSON.parse(sessionStorage.getItem('state'))`);
  }

  /** In place of what the page kept itself. */
  async keep(state: unknown): Promise<void> {
    await this.page.evaluate(`sessionStorage.setItem('state', ${JSON.stringify(JSON.stringify(state))})`);
  }

  async setTheme(name: ThemeName): Promise<void> {
    this.#theme = name;
    await this.page.evaluate(`${applyTheme(name)}; new Promise((next) => setTimeout(next))`);
  }

  /** The texts of the cells of a table, a line a row, its heading first. */
  rows(table: Locator): Promise<readonly (readonly string[])[]> {
    return table
      .locator('tr')
      .evaluateAll((rows: readonly { readonly cells: Iterable<{ readonly innerText: string }> }[]) =>
        rows.map((row) => [...row.cells].map((cell) => cell.innerText.replaceAll(/\s+/g, ' ').trim())),
      );
  }

  /** What has the keyboard: its accessible name or its text; empty where nothing has it. */
  focused(): Promise<string> {
    return this.page.evaluate(
      `(({ ariaLabel, labels, innerText }) => ariaLabel ?? labels?.[0]?.innerText ?? innerText)(
        document.activeElement === document.body ? { innerText: '' } : document.activeElement)`,
    );
  }

  /** In a person's way to look at it: a picture in `out/pages`, and axe, which must find nothing. */
  async accessible(picture: string): Promise<void> {
    await this.page.evaluate('document.fonts.ready.then(() => undefined)');
    await mkdir(pictures, { recursive: true });
    // Both of them would else add a style of their own, which the page's policy forbids.
    await this.page.screenshot({
      path: join(pictures, `${this.#options.bundle}-${picture}-${this.#theme}.png`),
      caret: 'initial',
    });
    await this.page.evaluate(axe.source);
    const { violations } = await this.page.evaluate<AxeResults>('axe.run(document, { preload: false })');
    assert.deepEqual(
      violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('\n')}`,
      ),
      [],
      picture,
    );
  }

  /** Errors and warnings of the browser, what broke the page's policy, and messages that the panel would not take. */
  nothingWrong(): void {
    assert.deepEqual(this.#wrong.splice(0), []);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  #hostScript(): string {
    const forget = this.#fresh ? 'sessionStorage.clear();' : '';
    return `${forget}${applyDefaultStyles()}${applyTheme(this.#theme)}${API}`;
  }

  #heard(kind: string, text: string): void {
    if (kind === 'wrong') {
      this.#wrong.push(text);
      return;
    }
    const parsed = this.#options.incoming.safeParse(JSON.parse(text));
    if (parsed.success) this.#sent.push(parsed.data);
    else this.#wrong.push(`the panel refuses ${text.slice(0, 500)}: ${parsed.error.message}`);
  }
}
