/** From the editor to the review: what was accepted there is found, labelled and corrected, and counted. */

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { sleep } from '../lab.js';
import { lastWord, logged, named, saved, type Scenario, written } from '../scenario.js';
import { task } from '../script.js';
import type { Window } from '../window.js';

export const review: readonly Scenario[] = [
  {
    name: 'the review: an accepted suggestion is found, labelled and corrected, and the report changes',
    run: async (window) => {
      const apt = task('mongoose');
      const file = 'reviewed.yml';
      await named(window, file, apt);
      await window.press('Tab');
      await saved(window, file, written(apt));
      const row = await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
      await window.command('Chiron: Review Feedback');
      const page = await openReview(window);
      const before = await report(page);
      await page.goto(`${origin(page)}/search?q=mongoose`);
      await page.locator(`.row[data-id="${row.id}"]`).click();
      await page.locator(`article[data-id="${row.id}"]`).waitFor();
      await page.keyboard.press('e');
      await page.locator('textarea:focus').waitFor();
      await page.getByText('The validator has nothing against it').waitFor();
      const corrected = (await page.locator('textarea').inputValue()).replace('present', 'latest');
      await page.locator('textarea').fill(corrected);
      await sleep(400);
      await page.getByText('The validator has nothing against it').waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('v');
      await page.locator('#standing.given').waitFor();
      await window.shot('review', page);
      const labelled = await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['labelled/confirmed'] });
      assert.equal(labelled.label, 'wrong_value');
      const said = labelled.events.find(({ kind }) => kind === 'labelled')?.data;
      assert.match(String(said?.['correction']), /state: latest/);
      assert.notEqual(await report(page), before);
      // The editor in the browser opened the address as well. Behind another page, it asks for nothing.
      for (const other of window.page.context().pages().filter((one) => one !== window.page)) {
        await other.close();
      }
      await window.press('Control+Alt+k');
    },
  },
];

/** The review's page, by the address that the terminal in the editor shows. */
async function openReview(window: Window): Promise<Page> {
  const rows = window.page.locator('.terminal-wrapper.active .xterm-rows');
  for (const until = Date.now() + 30_000; ; ) {
    await sleep(200);
    const text = (await rows.allTextContents()).join('').replaceAll('\u00a0', ' ');
    // Rows follow each other without a gap, so it matters how long the token is.
    const url = /http:\/\/127\.0\.0\.1:\d+\/open\?token=[\w-]{43}/.exec(text)?.[0];
    if (url !== undefined) {
      const page = await window.page.context().newPage();
      await page.goto(url);
      return page;
    }
    assert.ok(Date.now() < until, `no address in the terminal: ${text}`);
  }
}

function origin(page: Page): string {
  return new URL(page.url()).origin;
}

/** How many suggestions are labelled, as the review's overview says. */
async function report(page: Page): Promise<string> {
  await page.goto(`${origin(page)}/`);
  const tile = page.locator('.tile').filter({ hasText: 'Labelled' });
  return (await tile.locator('.value').textContent()) ?? '';
}
