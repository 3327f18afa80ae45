/** One browser window on a lab's editor, driven as a person would: by keys, and by what is on the screen. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { EXTENSION } from './install.js';
import { type Lab, sleep } from './lab.js';

/** Ghost text: the first line's, and the lines under it. */
const GHOST = '.ghost-text-decoration, .ghost-text-decoration-preview, .suggest-preview-text';

const PICTURES = join(EXTENSION, 'out', 'e2e', 'pictures');

export class Window {
  private constructor(
    readonly lab: Lab,
    readonly page: Page,
  ) {}

  /** Opens the lab's workspace, and waits until the editor can be used. */
  static async open(lab: Lab, page: Page, file?: string): Promise<Window> {
    const window = new Window(lab, page);
    const payload = file === undefined ? '' : `&payload=${encodeURIComponent(JSON.stringify([['openFile', window.remote(file)]]))}`;
    await page.goto(`${lab.url}/?folder=${encodeURIComponent(lab.workspace)}${payload}`);
    await page.locator('.monaco-workbench').waitFor({ timeout: 60_000 });
    await page.locator('.statusbar').waitFor({ timeout: 60_000 });
    if (file !== undefined) {
      await window.editor(file).waitFor({ timeout: 60_000 });
    }
    return window;
  }

  /** The editor of a file. */
  editor(name: string): Locator {
    return this.page.locator(`.editor-instance .monaco-editor[data-uri$="/${name}"]`).first();
  }

  /** Writes a fresh file, opens it, and puts the cursor at its end. */
  async fresh(name: string, text: string): Promise<void> {
    this.lab.write(name, text);
    await this.show(name);
    await this.press('Control+End');
  }

  /** Opens a file that is there, or goes to its editor. */
  async show(name: string): Promise<void> {
    await this.press('Control+p');
    const input = this.page.locator('.quick-input-widget input:focus');
    await input.waitFor();
    // By its whole path, so that it is found before any index knows it.
    await input.fill(`${this.lab.workspace}/${name}`);
    const base = name.split('/').at(-1) ?? name;
    await this.page.locator('.quick-input-widget .monaco-list-row.focused').filter({ hasText: base }).first().waitFor();
    await this.press('Enter');
    await this.editor(name).waitFor();
    await this.page.locator(`.tab.active[data-resource-name="${base}"]`).first().waitFor();
    await this.editor(name).locator('.view-lines').waitFor();
    await this.focus(name);
  }

  async focus(name: string): Promise<void> {
    const classes = (await this.editor(name).getAttribute('class')) ?? '';
    if (!classes.split(' ').includes('focused')) {
      await this.editor(name).locator('.view-lines').click();
    }
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) {
      await this.page.keyboard.press(key);
    }
  }

  /** Types as a person does, key by key. */
  async type(text: string, delay = 15): Promise<void> {
    await this.page.keyboard.type(text, { delay });
  }

  /** Puts text in at once, as a paste or an input method does. It must hold no line end. */
  async insert(text: string): Promise<void> {
    await this.page.keyboard.insertText(text);
  }

  /** Waits until ghost text is drawn that contains `part`; returns all of it. */
  async ghost(part = '', timeout = 20_000): Promise<string> {
    const until = Date.now() + timeout;
    for (;;) {
      const text = await this.ghostNow();
      if (text.trim() !== '' && text.includes(part)) {
        return text;
      }
      if (Date.now() > until) {
        throw new Error(`no ghost text${part === '' ? '' : ` with ${JSON.stringify(part)}`}; there is ${JSON.stringify(text)}`);
      }
      await sleep(25);
    }
  }

  /** Waits until other ghost text is drawn than `before`; returns it. */
  async ghostOtherThan(before: string): Promise<string> {
    for (const until = Date.now() + 20_000; Date.now() < until; ) {
      await sleep(25);
      const text = await this.ghostNow();
      if (text.trim() !== '' && text !== before) {
        return text;
      }
    }
    throw new Error(`the ghost text stays ${JSON.stringify(before)}`);
  }

  /** The ghost text that is drawn now; spaces as spaces. */
  async ghostNow(): Promise<string> {
    const parts = await this.page.locator(GHOST).allTextContents();
    return parts.join('\n').replaceAll('\u00a0', ' ').replaceAll('·', ' ');
  }

  async noGhost(forMs = 0): Promise<void> {
    const until = Date.now() + 5000;
    while ((await this.ghostNow()).trim() !== '') {
      if (Date.now() > until) {
        throw new Error(`there is ghost text: ${JSON.stringify(await this.ghostNow())}`);
      }
      await sleep(50);
    }
    const end = Date.now() + forMs;
    while (Date.now() < end) {
      const text = await this.ghostNow();
      if (text.trim() !== '') {
        throw new Error(`ghost text came: ${JSON.stringify(text)}`);
      }
      await sleep(50);
    }
  }

  /** A suggestion counts as seen after half a second; this waits a little longer. */
  async look(): Promise<void> {
    await sleep(700);
  }

  /** Saves. What was asked for a moment ago may still be on its way into the document; then once more. */
  async save(): Promise<void> {
    const dirty = this.page.locator('.editor-group-container.active .tab.active.dirty');
    for (const until = Date.now() + 30_000; ; ) {
      await this.press('Control+s');
      const clean = dirty.waitFor({ state: 'detached', timeout: 5000 });
      if (await clean.then(() => true, () => false)) {
        return;
      }
      if (Date.now() > until) {
        throw new Error('the file cannot be saved');
      }
    }
  }

  /** Runs a command by the name it has in the palette. */
  async command(title: string): Promise<void> {
    await this.press('F1');
    const input = this.page.locator('.quick-input-widget input:focus');
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page.locator('.quick-input-widget .monaco-list-row').filter({ hasText: title }).first().waitFor();
    await this.press('Enter');
  }

  /** Picks the row of an open list that contains `text`, by typing it. */
  async pick(text: string): Promise<void> {
    const list = this.page.locator('.quick-input-widget');
    await list.locator('.monaco-list-row').filter({ hasText: text }).first().waitFor();
    await list.locator('input:focus').fill(text);
    await list.locator('.monaco-list-row.focused').filter({ hasText: text }).first().waitFor();
    await this.press('Enter');
  }

  /** The status bar item: its text, and what a screen reader says. */
  async status(): Promise<{ text: string; spoken: string }> {
    const item = this.page.locator('[id="chiron.chiron.chiron.status"], .statusbar-item[id*="chiron.status"]').first();
    const text = (await item.textContent({ timeout: 30_000 })) ?? '';
    const spoken = (await item.locator('a').first().getAttribute('aria-label')) ?? (await item.getAttribute('aria-label')) ?? '';
    return { text: text.trim(), spoken };
  }

  /** Waits until the status bar item's spoken text matches. */
  async statusSays(pattern: RegExp, timeout = 60_000): Promise<string> {
    const until = Date.now() + timeout;
    let last = '';
    while (Date.now() < until) {
      last = (await this.status().catch(() => ({ spoken: '' }))).spoken;
      if (pattern.test(last)) {
        return last;
      }
      await sleep(100);
    }
    throw new Error(`the status bar does not say ${String(pattern)} but ${JSON.stringify(last)}`);
  }

  /** Waits for a notification whose text matches. */
  async told(pattern: RegExp, timeout = 20_000): Promise<void> {
    await this.page.locator('.notification-toast').filter({ hasText: pattern }).first().waitFor({ timeout });
  }

  /** Presses a button of a notification. */
  async answer(button: string): Promise<void> {
    await this.page.locator('.notification-toast .monaco-button').filter({ hasText: button }).first().click();
  }

  /** Closes what is open and empties every file, so that the next scenario recalls nothing of this one. */
  async tidy(): Promise<void> {
    await this.press('Escape', 'Escape');
    // Keys may go to a page instead of the editor; a click on the workbench brings them back.
    await this.page.locator('.part.statusbar').click({ position: { x: 300, y: 8 } });
    await this.press('Control+Alt+g');
    for (let n = 0; n < 5; n += 1) {
      await this.press('Control+Alt+x');
      await sleep(100);
    }
    this.lab.empty();
  }

  /** Takes a picture, for a person to look at and for the documentation. */
  async shot(name: string, page = this.page): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  private remote(file: string): string {
    return `vscode-remote://127.0.0.1:${this.lab.port}${this.lab.workspace}/${file}`;
  }
}
