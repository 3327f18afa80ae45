/** What a person can read and ask: why, alternatives, reports, the menu, other extensions' languages. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Frame, Locator } from 'playwright-core';
import { contributes } from '../../../package.json';
import { LABELS } from '../../../src/labels.js';
import { sleep } from '../lab.js';
import { accepts, isConfirmed, lastWord, logged, named, PLAY, saved, type Scenario, taken, written } from '../scenario.js';
import { SLOW, task } from '../script.js';
import type { Window } from '../window.js';

const STEPS = contributes.walkthroughs.flatMap(({ steps }) => steps).map(({ title, media }) => ({ title, media }));

export const reading: readonly Scenario[] = [
  {
    name: 'Why this? tells where an accepted suggestion came from, and so does the hover',
    run: async (window) => {
      const apt = task('tarsier');
      const file = 'why.yml';
      await named(window, file, apt);
      await window.press('Tab');
      await saved(window, file, written(apt));
      await window.editor(file).locator('.view-line span > span').filter({ hasText: 'present' }).last().hover();
      const hover = window.page.locator('.monaco-hover').filter({ hasText: 'suggested this from' }).first();
      await hover.waitFor();
      assert.match((await hover.textContent()) ?? '', /ansible\.builtin\.apt/);
      await window.command('Chiron: Why This?');
      const page = await preview(window, 'Why this?');
      for (const part of ['the model scripted', 'ansible.builtin.apt', 'Manages apt-packages', 'What was sent', apt.name, 'Time']) {
        assert.ok(page.includes(part), `${part} is missing in: ${page}`);
      }
      await window.shot('why-page');
      // Looking at it changes nothing of what is known about it.
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'], hasNot: ['undone'] });
    },
  },
  {
    name: 'Explain tells what a task does, and is no acceptance',
    run: async (window) => {
      const file = 'explain.yml';
      const text = written(task('squirrel'));
      await window.fresh(file, text);
      await window.command('Chiron: Explain');
      const page = await preview(window, 'installs the squirrel');
      assert.ok(page.includes('ansible.builtin.apt'), page);
      await window.press('Control+1');
      await saved(window, file, text);
      await accepts(window.lab, file, 0);
    },
  },
  {
    name: 'alternatives side by side: one is picked and counts as accepted',
    run: async (window) => {
      const apt = task('pangolin');
      const file = 'pick.yml';
      await window.fresh(file, PLAY);
      await window.insert(apt.name);
      await window.ghost(lastWord(apt));
      await window.press('Control+Alt+a');
      const rows = window.page.locator('.quick-input-widget .monaco-list-row');
      await rows.first().waitFor({ timeout: 20_000 });
      await window.page.locator('.monaco-diff-editor').first().waitFor({ timeout: 20_000 });
      await sleep(800);
      await window.press('Enter');
      await window.editor(file).waitFor();
      await sleep(500);
      await window.focus(file);
      await saved(window, file, written(apt));
      const [row] = await taken(window.lab, file);
      assert.ok(row?.text.includes(lastWord(apt)) === true && isConfirmed(row));
    },
  },
  {
    name: 'one key reports a bad suggestion',
    run: async (window) => {
      const service = task('caracal');
      const file = 'report.yml';
      await named(window, file, service);
      await window.press('Tab');
      await saved(window, file, written(service));
      await window.press('Control+Alt+r');
      await window.page.locator('.quick-input-widget input:focus').waitFor();
      await window.page.locator('.quick-input-widget .monaco-list-row').first().waitFor();
      await window.type('v');
      await logged(window.lab, file, lastWord(service), {
        outcome: 'accepted',
        has: ['labelled/confirmed'],
        also: (row) => {
          assert.equal(row.label, 'wrong_value');
        },
      });
    },
  },
  {
    name: 'the status bar opens a menu, and says in words what it shows',
    run: async (window) => {
      const apt = task('porcupine');
      const file = 'menu.yml';
      await window.fresh(file, PLAY);
      const spoken = await window.statusSays(/ready/);
      assert.match(spoken, /Model: scripted; text stays on this machine/);
      await window.page.locator('.statusbar-item[id*="chiron.status"]').first().click();
      const list = window.page.locator('.quick-input-widget');
      await list.locator('.monaco-list-row').first().waitFor();
      const text = (await list.textContent()) ?? '';
      for (const entry of ['Pause in this file', 'Pause everywhere', 'Switch model', 'Open feedback', 'Open log', 'What was sent last']) {
        assert.ok(text.includes(entry), `${entry} is missing`);
      }
      await window.pick('Switch model');
      await list.locator('.monaco-list-row').filter({ hasText: 'scripted' }).first().waitFor();
      await window.pick('none');
      await window.statusSays(/Model: none/);
      await window.focus(file);
      await window.insert(apt.name.slice(0, -1));
      await window.noGhost(1000);
      await window.press('Control+Alt+m');
      await window.pick('Switch model');
      await window.pick('scripted');
      await window.statusSays(/Model: scripted/);
      await window.focus(file);
      await window.insert(apt.name.slice(-1));
      await window.ghost(lastWord(apt));
      await window.look();
      await window.press('Tab');
      await saved(window, file, written(apt));
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'the status bar says when somebody waits for a suggestion',
    run: async (window) => {
      const file = 'slow.yml';
      await window.fresh(file, PLAY);
      await window.insert(SLOW.name);
      await window.statusSays(/thinking/);
      await window.ghost(lastWord(SLOW));
      await window.statusSays(/ready/);
      await window.look();
      await window.press('Tab');
      await saved(window, file, written(SLOW));
      await logged(window.lab, file, lastWord(SLOW), { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'the walkthrough shows each step with its picture',
    run: async (window) => {
      const file = 'walked.yml';
      await window.fresh(file, PLAY);
      // In a narrow pane there are no pictures.
      await window.press('Control+b');
      await window.command('Chiron: Open Walkthrough');
      const steps = window.page.locator('.getting-started-step');
      for (const { title, media } of STEPS) {
        await steps.filter({ hasText: title }).first().click();
        const picture = window.page.locator(`.getting-started-media img[alt="${media.altText}"]`).first();
        await picture.waitFor();
        assert.ok(existsSync(new URL(await shownBy(picture)).searchParams.get('path') ?? ''), title);
      }
      await window.shot('walkthrough');
      await window.press('Control+b');
      await window.page.locator('.tab').filter({ hasText: file }).click();
      await saved(window, file, PLAY.trimEnd());
      assert.deepEqual(await window.lab.rows(file), []);
    },
  },
  {
    name: 'what was sent last can be read in full',
    run: async (window) => {
      const service = task('numbat');
      const file = 'sent.yml';
      await named(window, file, service);
      await window.press('Escape');
      await saved(window, file, `${PLAY}${service.name}`);
      await window.command('Chiron: What Was Sent Last');
      const page = await preview(window, 'What was sent last');
      assert.ok(page.includes(service.name), page);
      await logged(window.lab, file, lastWord(service), { outcome: 'rejected', has: ['rejected/observed'] });
    },
  },
  {
    name: 'in high contrast and with a screen reader, all is said in words',
    lab: { settings: { 'workbench.colorTheme': 'Default High Contrast', 'editor.accessibilitySupport': 'on' } },
    opens: { name: 'first.yml', text: '- hosts: all\n  tasks: []\n' },
    run: async (window) => {
      const apt = task('vicuna');
      const file = 'spoken.yml';
      assert.match(await window.statusSays(/ready/), /Model: scripted; text stays on this machine/);
      await window.press('Control+Alt+n');
      await named(window, file, apt);
      await window.shot('high-contrast');
      await window.press('Tab');
      await window.noGhost();
      await saved(window, file, written(apt));
      await window.press('Control+Alt+r');
      const rows = window.page.locator('.quick-input-widget .monaco-list-row');
      await rows.first().waitFor();
      for (const { words, meaning } of LABELS) {
        const spoken = (await rows.filter({ hasText: words }).first().getAttribute('aria-label')) ?? '';
        assert.ok(spoken.includes(words) && spoken.includes(meaning), spoken);
      }
      await window.press('u');
      await logged(window.lab, file, lastWord(apt), {
        outcome: 'accepted',
        has: ['accepted/confirmed', 'labelled/confirmed'],
        also: (row) => {
          assert.equal(row.label, 'unsafe');
        },
      });
    },
  },
];

/** The address in an image's `srcset`, which may still be on its way. */
async function shownBy(picture: Locator): Promise<string> {
  for (const until = Date.now() + 10_000; ; ) {
    const [address] = ((await picture.getAttribute('srcset')) ?? '').split(' ');
    if (address) {
      return address;
    }
    assert.ok(Date.now() < until, 'the image has no address');
    await sleep(100);
  }
}

/** The text of the Markdown preview that begins with a heading. */
async function preview(window: Window, heading: string): Promise<string> {
  for (const until = Date.now() + 30_000; Date.now() < until; ) {
    await sleep(200);
    for (const frame of window.page.frames()) {
      const text = await frameText(frame);
      if (text.includes(heading) && text.length > heading.length) {
        return text;
      }
    }
  }
  throw new Error(`no page ${JSON.stringify(heading)} was shown`);
}

async function frameText(frame: Frame): Promise<string> {
  try {
    return (await frame.locator('.markdown-body').first().textContent({ timeout: 200 })) ?? '';
  } catch {
    return '';
  }
}
