import { chromium as browserType, type Browser, type Frame, type Locator, type Page } from 'playwright-core';
import { chromium, chromiumArgs } from '../lib/vscode.ts';

/** A VS Code window as a person uses it: the palette, the trees, the terminal, the panels. */
export class Window {
  readonly page: Page;
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.page = page;
  }

  static async open(url: string, size = { width: 1500, height: 950 }): Promise<Window> {
    const browser = await browserType.launch({ executablePath: await chromium(), args: chromiumArgs });
    const page = await browser.newPage({ viewport: size });
    page.setDefaultTimeout(30_000);
    await page.goto(url);
    await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await page.locator('.activitybar').waitFor({ timeout: 60_000 });
    return new Window(browser, page);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  /** Runs a command by its title, through the palette. The palette may lose the keyboard to something that opens late: then once more. */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget:visible input').first();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.page.keyboard.press('F1');
        await input.fill(`>${title}`, { timeout: 4000 });
        await this.picks().first().filter({ hasText: title }).waitFor({ timeout: 4000 });
        await this.page.keyboard.press('Enter');
        return;
      } catch (error) {
        if (attempt === 5) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  picks(): Locator {
    return this.page.locator('.quick-input-widget:visible .quick-input-list .monaco-list-row');
  }

  /** Waits for a step of a quick pick by its title, then takes the row with this text. */
  async pick(text: string | RegExp, timeout = 30_000): Promise<void> {
    const row = this.picks().filter({ hasText: text }).first();
    await row.waitFor({ timeout });
    await row.click();
  }

  /** Ticks every row of a list that takes several, and accepts. */
  async pickAll(): Promise<void> {
    await this.picks().first().waitFor();
    const all = this.page.locator('.quick-input-widget:visible').getByRole('checkbox', { name: /toggle all/i });
    if (!(await all.isChecked())) await all.click();
    await this.page.locator('.quick-input-widget:visible input').first().focus();
    await this.page.keyboard.press('Enter');
  }

  /** Finds a row of a list that takes several, ticks it beside what is ticked, and accepts. */
  async tick(text: string): Promise<void> {
    await this.picks().first().waitFor();
    await this.page.keyboard.type(text);
    await this.pick(text);
    await this.page.locator('.quick-input-widget:visible input').first().focus();
    await this.page.keyboard.press('Enter');
  }

  async pickTitle(text: string | RegExp): Promise<void> {
    await this.page.locator('.quick-input-widget:visible .quick-input-title').filter({ hasText: text }).waitFor();
  }

  /** Types into the quick input's box. */
  async type(text: string): Promise<void> {
    await this.page.locator('.quick-input-widget:visible input').first().fill(text);
    await this.page.keyboard.press('Enter');
  }

  rows(): Locator {
    return this.page.locator('.sidebar .monaco-list-row');
  }

  async row(text: string | RegExp, timeout = 30_000): Promise<Locator> {
    const row = this.rows().filter({ hasText: text }).first();
    await row.waitFor({ timeout });
    return row;
  }

  /** Opens a tree's row if it is closed. */
  async expand(text: string | RegExp, timeout = 30_000): Promise<void> {
    const row = await this.row(text, timeout);
    if ((await row.getAttribute('aria-expanded')) === 'false') await row.locator('.monaco-tl-twistie').click();
  }

  async openView(): Promise<void> {
    const icon = this.page
      .locator('.activitybar .action-item', { has: this.page.locator('[aria-label^="llm-d"]') })
      .first();
    await icon.waitFor();
    await icon.click();
  }

  /** The innermost frame of the active webview panel that has this selector. */
  async webview(selector: string, timeout = 30_000): Promise<Frame> {
    const until = Date.now() + timeout;
    for (;;) {
      for (const frame of this.page.frames()) {
        const found = await frame
          .locator(selector)
          .count()
          .catch(() => 0);
        if (found > 0 && frame !== this.page.mainFrame()) return frame;
      }
      if (Date.now() > until) throw new Error(`no webview shows ${selector} within ${timeout / 1000} s`);
      await this.page.waitForTimeout(200);
    }
  }

  /** Brings an editor tab to the front. */
  async tab(title: RegExp): Promise<void> {
    await this.page.locator('.tabs-container .tab').filter({ hasText: title }).first().click();
  }

  /** The button of a modal question. */
  async confirm(button: string): Promise<void> {
    await this.page.locator('.monaco-dialog-box .monaco-button').filter({ hasText: button }).first().click();
  }

  async typeInTerminal(text: string): Promise<void> {
    await this.page.locator('.terminal-wrapper.active .xterm-screen').click({ timeout: 60_000 });
    await this.page.keyboard.type(`${text}\n`, { delay: 5 });
  }

  /** Text that notifications show now. */
  async notifications(): Promise<readonly string[]> {
    return this.page.locator('.notification-list-item-message').allInnerTexts();
  }

  async dismissNotifications(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  /** With the mouse out of the way, so that no hover covers what is shown. */
  async screenshot(path: string): Promise<void> {
    await this.page.mouse.move(750, 938);
    await this.page.screenshot({ path });
  }
}
