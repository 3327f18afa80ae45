/** Ways of not taking a suggestion. */

import assert from 'node:assert/strict';
import { accepts, lastWord, logged, named, PLAY, saved, type Scenario, written } from '../scenario.js';
import { task } from '../script.js';

export const ending: readonly Scenario[] = [
  {
    name: 'Escape',
    run: async (window) => {
      const apt = task('lemur');
      const file = 'escape.yml';
      await named(window, file, apt);
      await window.press('Escape');
      await window.noGhost(800);
      await saved(window, file, `${PLAY}${apt.name}`);
      await logged(window.lab, file, lastWord(apt), { outcome: 'rejected', has: ['shown/inferred', 'rejected/observed'] });
    },
  },
  {
    name: 'Escape before half a second was not seen',
    run: async (window) => {
      const apt = task('dingo');
      const file = 'blink.yml';
      await window.fresh(file, PLAY);
      await window.insert(apt.name);
      await window.ghost(lastWord(apt));
      await window.press('Escape');
      await window.noGhost();
      await saved(window, file, `${PLAY}${apt.name}`);
      await logged(window.lab, file, lastWord(apt), { outcome: 'not_seen', has: ['rejected/observed'], hasNot: ['shown'] });
    },
  },
  {
    name: 'type over',
    run: async (window) => {
      const apt = task('gecko');
      const file = 'over.yml';
      await named(window, file, apt);
      await window.press('Enter');
      await window.insert('ansible.builtin.dnf: {name: other}');
      await saved(window, file, `${PLAY}${apt.name}\n      ansible.builtin.dnf: {name: other}`);
      await logged(window.lab, file, lastWord(apt), { outcome: 'typed_over', hasNot: ['accepted'] });
      await accepts(window.lab, file, 0);
    },
  },
  {
    name: 'move away',
    run: async (window) => {
      const apt = task('marmot');
      const file = 'away.yml';
      await named(window, file, apt);
      await window.press('ArrowUp');
      await window.noGhost();
      await saved(window, file, `${PLAY}${apt.name}`);
      await logged(window.lab, file, lastWord(apt), {
        outcome: 'moved_away',
        has: ['moved_away/observed'],
        also: (row) => {
          assert.equal(row.events.find(({ kind }) => kind === 'moved_away')?.data['reason'], 'cursor');
        },
      });
    },
  },
  {
    name: 'switch editor',
    run: async (window) => {
      const apt = task('puffin');
      await window.fresh('other.yml', '- hosts: all\n  tasks: []\n');
      const file = 'switch.yml';
      await named(window, file, apt);
      await window.show('other.yml');
      await logged(window.lab, file, lastWord(apt), {
        outcome: 'moved_away',
        has: ['moved_away/observed'],
        also: (row) => {
          assert.equal(row.events.find(({ kind }) => kind === 'moved_away')?.data['reason'], 'editor');
        },
      });
      await window.show(file);
      await saved(window, file, `${PLAY}${apt.name}`);
    },
  },
  {
    name: 'the suggest widget open',
    run: async (window) => {
      const apt = task('wombat');
      const file = 'widget.yml';
      await named(window, file, apt);
      await window.press('Enter');
      await window.ghost(lastWord(apt));
      await window.press('Control+Space');
      const widget = window.page.locator('.suggest-widget.visible');
      const entry = widget.locator('.monaco-list-row.focused').filter({ hasText: 'widget_entry' });
      await entry.waitFor();
      // Escape belongs to the list first, and is no rejection.
      await window.press('Escape');
      await widget.waitFor({ state: 'hidden' });
      const rows = await window.lab.rows(file);
      assert.ok(!rows.some(({ events }) => events.some(({ kind }) => kind === 'rejected')));
      // Tab takes the list's entry, and is no acceptance.
      await window.press('Control+Space');
      await entry.waitFor();
      await window.press('Tab');
      await widget.waitFor({ state: 'hidden' });
      await saved(window, file, `${PLAY}${apt.name}\n      widget_entry`);
      await logged(window.lab, file, lastWord(apt), { outcome: 'typed_over', hasNot: ['accepted', 'rejected'] });
      await accepts(window.lab, file, 0);
    },
  },
  {
    name: 'Tab means Tab where nothing is suggested',
    run: async (window) => {
      await window.fresh('group_vars/all.yml', 'fruit:');
      await window.press('Enter', 'Tab');
      await window.type('- pear');
      await window.noGhost(300);
      await window.save();
      assert.match(window.lab.read('group_vars/all.yml'), /^fruit:\n {2}- pear/);
      assert.deepEqual(await window.lab.rows('group_vars/all.yml'), []);
    },
  },
  {
    name: "Tab accepts another provider's ghost text, and that is not ours",
    run: async (window) => {
      const file = 'rival.yml';
      await window.fresh(file, '- hosts: all\n  tasks:\n    # rival: ');
      await window.press('Backspace');
      await window.type(' ');
      await window.ghost('rival suggestion');
      await window.press('Tab');
      await saved(window, file, '- hosts: all\n  tasks:\n    # rival: rival suggestion');
      await accepts(window.lab, file, 0);
    },
  },
  {
    name: 'with another provider at the same place, what was taken is what counts',
    run: async (window) => {
      const apt = task('ocelot');
      const file = 'rivals-both.yml';
      await window.fresh(file, PLAY);
      await window.insert(apt.name);
      await window.ghost();
      await window.look();
      const drawn = await window.ghostNow();
      await window.press('Tab');
      await window.save();
      const isOurs = drawn.includes(lastWord(apt));
      await saved(window, file, isOurs ? written(apt) : `${PLAY}${apt.name} as the rival would`);
      // After the rival's words it is still the same offer, and still drawn.
      await logged(window.lab, file, lastWord(apt), { outcome: isOurs ? 'accepted' : null });
      await accepts(window.lab, file, isOurs ? 1 : 0);
    },
  },
];
