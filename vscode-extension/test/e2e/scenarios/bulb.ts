/** The light-bulb: an edit is chosen, looked at before it is made, made, and taken back in one step. */

import assert from 'node:assert/strict';
import { logged, saved, type Scenario } from '../scenario.js';
import { BULB } from '../script.js';
import type { Window } from '../window.js';

interface Case {
  readonly name: string;
  readonly title: RegExp;
  readonly source: 'rule' | 'model';
  /** The task, whose second line the cursor goes to, and what becomes of it. */
  readonly before: string;
  readonly after: string;
  /** A part of what the log must hold. */
  readonly logs: string;
}

const CASES: readonly Case[] = [
  {
    name: 'a short name to the full one',
    title: /Write `apt` as `ansible\.builtin\.apt`/,
    source: 'rule',
    logs: 'ansible.builtin.apt',
    before: '- name: Have the hare\n  apt:\n    name: hare # a comment\n    state: present',
    after: '- name: Have the hare\n  ansible.builtin.apt:\n    name: hare # a comment\n    state: present',
  },
  {
    name: 'k=v to a mapping',
    title: /Write the options of `ansible\.builtin\.file` as a mapping/,
    source: 'rule',
    logs: 'path: /srv/burrow',
    before: '- name: Have the burrow\n  ansible.builtin.file: path=/srv/burrow state=directory\n  become: true',
    after: '- name: Have the burrow\n  ansible.builtin.file:\n    path: /srv/burrow\n    state: directory\n  become: true',
  },
  {
    name: 'a shell line to its module',
    title: /Replace `systemctl` by `ansible\.builtin\.systemd/,
    source: 'rule',
    logs: 'state: restarted',
    before: '- name: Wake the mole\n  ansible.builtin.shell: systemctl restart mole\n  become: true',
    after:
      '- name: Wake the mole\n  ansible.builtin.systemd_service:\n    name: mole\n    state: restarted\n  become: true',
  },
  {
    name: 'a name, by the model',
    title: /Chiron: Name this task/,
    source: 'model',
    logs: 'Create the gerbil user',
    before: '- ansible.builtin.user:\n    name: gerbil\n    shell: /bin/bash',
    after: '- name: Create the gerbil user\n  ansible.builtin.user:\n    name: gerbil\n    shell: /bin/bash',
  },
  {
    name: 'a command to a module, by the model',
    title: /Chiron: Replace the command by a module/,
    source: 'model',
    logs: 'url: http://localhost:8080/stoat',
    before: `- name: ${BULB.replace.match}\n  ansible.builtin.command: curl -sf http://localhost:8080/stoat`,
    after: `- name: ${BULB.replace.match}\n  ansible.builtin.uri:\n    url: http://localhost:8080/stoat`,
  },
  {
    name: 'a rescue, by the model',
    title: /Chiron: Add a rescue to this task/,
    source: 'model',
    logs: 'rescue:',
    before: '- name: Feed the weasel\n  ansible.builtin.command: /opt/weasel/feed',
    after: `- name: Feed the weasel
  block:
    - name: Feed the weasel
      ansible.builtin.command: /opt/weasel/feed
  rescue:
    - name: Say that the weasel is hungry
      ansible.builtin.fail:
        msg: The weasel was not fed`,
  },
];

export const bulb: readonly Scenario[] = CASES.map(({ name, title, source, before, after, logs }) => ({
  name: `light-bulb: ${name}: preview, apply, undo`,
  run: async (window: Window) => {
    const file = `bulb-${name.replaceAll(/\W+/g, '-')}.yml`;
    await window.fresh(file, play(before));
    await window.press('Control+Home', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'End');
    await preview(window, title);
    // Nothing is made before it is looked at.
    assert.equal(window.lab.read(file), play(before));
    await apply(window);
    await window.page.locator('.bulk-edit-panel .bulk-edit-tree, .bulk-edit-panel .content').first().waitFor({ state: 'hidden' });
    await window.show(file);
    await saved(window, file, play(after));
    await logged(window.lab, file, logs, {
      outcome: 'accepted',
      has: ['accepted/confirmed'],
      also: (row) => {
        assert.equal(row.scope, 'action');
        assert.equal(row.source, source);
      },
    });
    await window.press('Control+z');
    await saved(window, file, play(before));
    await logged(window.lab, file, logs, {
      outcome: 'accepted',
      has: ['undone/inferred'],
      also: (row) => {
        assert.equal(row.undone, true);
      },
    });
  },
}));

function play(task: string): string {
  return `- hosts: all\n  tasks:\n${task.split('\n').map((line) => `    ${line}\n`).join('')}`;
}

/** Ticks what is not ticked, as what a model wrote never is, and applies it. */
async function apply(window: Window): Promise<void> {
  const panel = window.page.locator('.bulk-edit-panel');
  const left = panel.locator('.edit-checkbox[aria-checked="false"]');
  while ((await left.count()) > 0) {
    await left.first().click();
  }
  await panel.locator('.monaco-button').filter({ hasText: 'Apply' }).click();
}

/** Chooses an action by its title and waits until its preview is there. */
async function preview(window: Window, title: RegExp): Promise<void> {
  const rows = window.page.locator('.action-widget .monaco-list-row.action');
  for (const until = Date.now() + 30_000; ; ) {
    await window.press('Control+.');
    const offered = rows.filter({ hasText: title }).waitFor({ timeout: 3000 });
    if (await offered.then(() => true, () => false)) {
      break;
    }
    // Nothing yet: what a model can do is found out by asking it, once.
    await window.press('Escape');
    assert.ok(Date.now() < until, `not offered: ${String(title)}`);
  }
  const focused = window.page.locator('.action-widget .monaco-list-row.action.focused');
  for (let n = 0; n < 40 && (await focused.filter({ hasText: title }).count()) === 0; n += 1) {
    await window.press('ArrowDown');
  }
  await focused.filter({ hasText: title }).waitFor();
  await window.press('Control+Enter');
  await window.page.locator('.bulk-edit-panel .monaco-list-row').first().waitFor({ timeout: 30_000 });
  await window.shot(`preview-${String(title).slice(2, 20).replaceAll(/\W+/g, '-')}`);
}
