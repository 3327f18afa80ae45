/** Ways of taking a suggestion. */

import assert from 'node:assert/strict';
import { sleep } from '../lab.js';
import { accepts, isConfirmed, lastWord, logged, named, PLAY, saved, type Scenario, taken, written } from '../scenario.js';
import { PLACES, task } from '../script.js';

const CONFIRMED = ['offered/inferred', 'shown/inferred', 'accepted/confirmed'];

export const accepting: readonly Scenario[] = [
  {
    name: 'one Tab accepts at the end of the name line',
    run: async (window) => {
      const apt = task('lyrebird');
      const file = 'tab.yml';
      await named(window, file, apt);
      await window.press('Tab');
      await saved(window, file, written(apt));
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: CONFIRMED });
      await accepts(window.lab, file, 1);
    },
  },
  {
    name: 'one Tab accepts on the line under the name',
    run: async (window) => {
      const apt = task('otter');
      const file = 'under.yml';
      await named(window, file, apt);
      await window.press('Enter');
      await window.ghost(lastWord(apt));
      await window.press('Tab');
      await saved(window, file, written(apt));
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'one Tab accepts options under a module',
    run: async (window) => {
      const file = 'options.yml';
      const text = `${PLAY}Weigh the walrus\n      ansible.builtin.apt:`;
      await window.fresh(file, text);
      // Enter indents under the module, so that nothing but options is left for Tab to take.
      await window.press('Enter');
      await window.ghost('walrus');
      await window.press('Tab');
      await saved(window, file, `${text}\n        ${PLACES.options.text}`);
      await logged(window.lab, file, 'walrus', { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'one Tab accepts the rest of a module name',
    run: async (window) => {
      const file = 'module.yml';
      await window.fresh(file, `${PLAY}Restart the badger service\n      `);
      await window.insert('ansible.builtin.servi');
      const rest = await window.ghost('ce');
      await window.press('Tab');
      await window.noGhost();
      await window.save();
      assert.equal(plain(window.lab.read(file)), plain(`${PLAY}Restart the badger service ansible.builtin.servi${rest}`));
      const [row] = await taken(window.lab, file);
      assert.equal(row?.module, 'ansible.builtin.service');
      assert.ok(isConfirmed(row));
    },
  },
  {
    name: 'one Tab accepts tasks under a comment',
    run: async (window) => {
      const file = 'list.yml';
      const comment = '- hosts: herons\n  tasks:\n    # keep a heron in the pond';
      await window.fresh(file, comment);
      await window.press('Enter');
      await window.ghost('heron');
      await window.press('Tab');
      await saved(window, file, `${comment}\n    - name: ${PLACES.list.text}`);
      await logged(window.lab, file, '/pond/heron', { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'type through, then accept',
    run: async (window) => {
      const apt = task('quokka');
      const file = 'through.yml';
      await named(window, file, apt);
      await window.press('Enter');
      await window.type('ansible.b', 60);
      await window.ghost(lastWord(apt));
      await window.press('Tab');
      await saved(window, file, written(apt));
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['typed_through/inferred', 'accepted/confirmed'] });
      await accepts(window.lab, file, 1);
    },
  },
  {
    name: 'accept a word three times, then the rest',
    run: async (window) => {
      const apt = task('badger');
      const file = 'words.yml';
      await named(window, file, apt);
      for (let n = 0; n < 3; n += 1) {
        const before = await window.ghost();
        await window.press('Control+ArrowRight');
        await window.ghostOtherThan(before);
      }
      await window.press('Tab');
      await saved(window, file, written(apt));
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['accepted_part', 'accepted/confirmed'] });
      await accepts(window.lab, file, 1);
    },
  },
  {
    name: 'accept a line',
    run: async (window) => {
      const apt = task('heron');
      const file = 'line.yml';
      await named(window, file, apt);
      // The text begins with a line end, so the first line to accept is that alone.
      for (let n = 0; n < 2; n += 1) {
        const before = await window.ghost();
        await window.press('Control+Alt+l');
        await window.ghostOtherThan(before);
      }
      await window.look();
      await window.press('Escape');
      await window.noGhost();
      await saved(window, file, `${PLAY}${apt.name}\n      ansible.builtin.apt:`);
      await logged(window.lab, file, lastWord(apt), {
        outcome: 'partly_accepted',
        has: ['accepted_part'],
        hasNot: ['accepted'],
      });
    },
  },
  {
    name: 'cycle to the second alternative and accept it',
    run: async (window) => {
      const file = 'cycle.yml';
      // Two tasks above answer it, about equally well, and no model.
      const before = `- hosts: all
  tasks:
    - name: Have the folder for day
      ansible.builtin.file:
        path: /srv/day
        state: directory

    - name: Have the folder for night
      ansible.builtin.stat:
        path: /srv/night

    - name: `;
      const name = 'Have the folder for noon';
      await window.fresh(file, before);
      await window.insert(name);
      const first = await window.ghost();
      await window.look();
      await window.press('Alt+]');
      const second = await window.ghostOtherThan(first);
      await window.look();
      await window.press('Tab');
      await window.save();
      const rest = plain(window.lab.read(file)).slice(plain(before + name).length);
      assert.equal(rest, plain(second));
      const [row] = await taken(window.lab, file);
      assert.ok(row && row.rank > 0 && plain(row.text) === plain(second));
      assert.ok(isConfirmed(row));
      const left = (await window.lab.rows(file)).find(({ rank, text }) => rank === 0 && plain(text) === plain(first));
      assert.equal(left?.outcome, 'superseded');
    },
  },
  {
    name: 'undo after accept',
    run: async (window) => {
      const apt = task('narwhal');
      const file = 'undo.yml';
      await named(window, file, apt);
      await window.press('Tab');
      await window.noGhost();
      await sleep(400);
      await window.press('Control+z');
      await saved(window, file, `${PLAY}${apt.name}`);
      await logged(window.lab, file, lastWord(apt), {
        outcome: 'accepted',
        has: ['accepted/confirmed', 'undone/inferred'],
        also: (row) => {
          assert.equal(row.undone, true);
        },
      });
    },
  },
  {
    name: 'delete half of it and wait for the kept ratio',
    run: async (window) => {
      const service = task('tapir');
      const file = 'half.yml';
      await named(window, file, service);
      await window.press('Tab');
      await window.noGhost();
      // The last two of three lines.
      await window.press('Shift+ArrowUp', 'Shift+Home', 'Shift+Home', 'Backspace');
      await sleep(31_000);
      await window.save();
      await logged(window.lab, file, lastWord(service), {
        outcome: 'accepted',
        has: ['kept_at/inferred'],
        also: (row) => {
          const ratio = row.kept_ratio ?? -1;
          assert.ok(ratio > 0.2 && ratio < 0.8, `kept ratio ${ratio}`);
          const at30 = row.events.find(({ kind, data }) => kind === 'kept_at' && JSON.stringify(data).includes('30'));
          assert.ok(at30, 'there is no measure at 30 s');
        },
      });
    },
  },
  {
    name: 'two files side by side',
    run: async (window) => {
      const apt = task('okapi');
      const service = task('ibex');
      await named(window, 'left.yml', apt);
      await window.press('Control+\\');
      await window.fresh('right.yml', PLAY);
      await window.insert(service.name);
      await window.ghost(lastWord(service));
      await window.look();
      await window.press('Tab');
      await saved(window, 'right.yml', written(service));
      await window.press('Control+1');
      await window.press('Control+End', 'Enter');
      await window.ghost(lastWord(apt));
      await window.press('Tab');
      await window.save();
      assert.equal(window.lab.read('left.yml').trimEnd(), written(apt));
      await logged(window.lab, 'right.yml', lastWord(service), { outcome: 'accepted', has: CONFIRMED });
      const left = (await window.lab.rows('left.yml')).filter((row) => row.text.includes(lastWord(apt)));
      assert.deepEqual(left.map(({ outcome }) => outcome), ['moved_away', 'accepted']);
      await window.press('Control+2', 'Control+w');
    },
  },
];

function plain(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
