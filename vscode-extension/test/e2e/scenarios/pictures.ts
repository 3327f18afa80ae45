/** The README's and the walkthrough's pictures: `npm run e2e -- pictures`, then `npm run pictures` keeps them. */

import { sleep } from '../lab.js';
import { type Scenario } from '../scenario.js';
import { PICTURE } from '../script.js';

const FILE = 'roles/web/tasks/main.yml';
const TEXT = `---
- name: Install nginx
  ansible.builtin.package:
    name: nginx
    state: present

- name: `;

export const pictures: readonly Scenario[] = [
  {
    name: 'pictures for people',
    lab: { settings: { 'editor.fontSize': 15, 'breadcrumbs.enabled': false, 'editor.minimap.enabled': false } },
    // What the task refers to: without it, nothing would be suggested.
    files: {
      'roles/web/templates/nginx.conf.j2': 'worker_processes {{ n_workers }};\n',
      'roles/web/handlers/main.yml': '---\n- name: Restart nginx\n  ansible.builtin.service:\n    name: nginx\n    state: restarted\n',
      // What a second alternative comes from.
      'roles/web/tasks/site.yml':
        '---\n- name: Write the site configuration\n  ansible.builtin.template:\n    src: site.conf.j2\n    dest: /etc/nginx/conf.d/site.conf\n    owner: root\n    mode: "0644"\n  notify: Restart nginx\n',
      'roles/web/templates/site.conf.j2': 'server { listen 80; }\n',
      'roles/web/defaults/main.yml': '---\nn_workers: 4\n',
    },
    opens: { name: FILE, text: TEXT },
    run: async (window) => {
      await window.page.setViewportSize({ width: 960, height: 500 });
      await window.statusSays(/ready/);
      await sleep(1000);
      await window.press('Control+Alt+n', 'Control+b');
      await window.focus(FILE);
      await window.press('Control+End');
      await window.type(PICTURE.match);
      await window.ghost('nginx.conf.j2');
      await sleep(500);
      await window.shot('ghost');
      await window.press('Control+Alt+a');
      await window.page.locator('.monaco-diff-editor').first().waitFor({ timeout: 20_000 });
      await sleep(1500);
      await window.shot('alternatives');
      await window.press('Escape');
      await window.focus(FILE);
      await window.press('Control+End', 'Backspace');
      await window.type(PICTURE.match.slice(-1));
      await window.ghost('nginx.conf.j2');
      await window.press('Tab');
      await sleep(500);
      await window.save();
      await window.editor(FILE).locator('.view-line span > span').filter({ hasText: 'nginx.conf.j2' }).last().hover();
      await window.page.locator('.monaco-hover').filter({ hasText: 'suggested this from' }).first().waitFor();
      await sleep(500);
      await window.shot('why');
      await window.press('Escape');
      await window.page.mouse.move(10, 10);
      await window.press('Control+Alt+m');
      await window.page.locator('.quick-input-widget .monaco-list-row').first().waitFor();
      await sleep(500);
      await window.shot('menu');
      await window.press('Escape', 'Control+Alt+r');
      await window.page.locator('.quick-input-widget .monaco-list-row').first().waitFor();
      await sleep(500);
      await window.shot('report');
      await window.press('Escape');
    },
  },
];
