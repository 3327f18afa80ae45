/** Next to Red Hat's Ansible extension and to the Python extension, by stand-ins of their names. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastWord, logged, named, PLAY, saved, type Scenario, written } from '../scenario.js';
import { task } from '../script.js';

const FILE = 'roles/web/tasks/main.yml';
const WRONG = `---
- name: Copy the page
  ansible.builtin.copy:
    src: page.html
    dset: /srv/page.html
  notify: Nobody listens to this
`;

export const beside: readonly Scenario[] = [
  {
    name: "next to Red Hat's extension: its language, its keys, its problems",
    lab: { redhat: true },
    opens: { name: 'first.yml', text: '- hosts: all\n  tasks: []\n' },
    run: async (window) => {
      const { lab, page } = window;
      await window.statusSays(/ready/);
      // Its Tab accepts what is drawn, and that is known to be ours.
      const taken = task('jerboa');
      await named(window, 'site.yml', taken);
      assert.match((await page.locator('.statusbar').textContent()) ?? '', /Ansible/);
      await window.press('Enter');
      await window.ghost(lastWord(taken));
      await window.press('Tab');
      await window.noGhost();
      await saved(window, 'site.yml', written(taken));
      await logged(lab, 'site.yml', lastWord(taken), { outcome: 'accepted', has: ['accepted/confirmed'] });
      // It binds Escape as well; ours comes first, and is known.
      const refused = task('kakapo');
      await named(window, 'playbooks/refused.yml', refused);
      await window.press('Escape');
      await window.noGhost(500);
      await saved(window, 'playbooks/refused.yml', PLAY + refused.name);
      await logged(lab, 'playbooks/refused.yml', lastWord(refused), { outcome: 'rejected', has: ['rejected/observed'] });
      // Where nothing is drawn, Tab is Tab.
      await window.fresh('playbooks/plain.yml', '- hosts: all\n  tasks: []\n#');
      await window.press('Tab');
      await window.type('x');
      await saved(window, 'playbooks/plain.yml', '- hosts: all\n  tasks: []\n# x');
      assert.deepEqual(await lab.rows('playbooks/plain.yml'), []);
      // An option that no copy has is a linter's business here; a handler that nobody wrote is not.
      lab.write(FILE, WRONG);
      await window.show(FILE);
      await window.press('Control+Shift+m');
      const problems = page.locator('.markers-panel');
      await problems.getByText('Nobody listens to this').first().waitFor();
      const told = (await problems.textContent()) ?? '';
      assert.match(told, /Unsupported parameter: dset/);
      assert.doesNotMatch(told, /unknown-option/);
      // Not so in a file that the other does not check.
      lab.write('tasks/other.yml', WRONG);
      await window.show('tasks/other.yml');
      await problems.getByText('unknown-option').first().waitFor();
    },
  },
  {
    name: 'next to the Python extension: the Ansible of the interpreter that is chosen there, and of the next one',
    lab: { python: ({ venv }) => join(venv, 'bin', 'python') },
    opens: { name: 'first.yml', text: '- hosts: all\n  tasks: []\n' },
    run: async (window) => {
      const { lab } = window;
      const apt = task('saiga');
      await window.statusSays(/ready/);
      const [pid] = await lab.serverPids();
      assert.equal(interpreterOf(pid), join(lab.installed.venv, 'bin', 'python'));
      const other = join(lab.bin, 'another-python');
      lab.provide('another-python', join(lab.installed.venv, 'bin', 'python'));
      writeFileSync(lab.choice, other);
      await lab.serverAfter(pid);
      await window.statusSays(/ready/);
      await named(window, 'chosen.yml', apt);
      const next = (await lab.serverPids()).find((each) => each !== pid);
      assert.equal(interpreterOf(next), other);
      await window.press('Tab');
      await saved(window, 'chosen.yml', written(apt));
      await logged(lab, 'chosen.yml', lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
];

/** The interpreter that a server was told to look at. */
function interpreterOf(pid: number | undefined): string | undefined {
  const environment = readFileSync(`/proc/${String(pid)}/environ`, 'utf8').split('\0');
  return environment.find((one) => one.startsWith('CHIRON_PYTHON='))?.slice('CHIRON_PYTHON='.length);
}
