/** When something is missing, broken, not allowed or not wanted. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../lab.js';
import { accepts, isConfirmed, lastWord, logged, named, PLAY, saved, type Scenario, taken, written } from '../scenario.js';
import { task } from '../script.js';

export const trouble: readonly Scenario[] = [
  {
    name: 'first suggestion after a cold start',
    lab: {},
    opens: { name: 'cold.yml', text: PLAY },
    run: async (window) => {
      const apt = task('kinkajou');
      // Typed at once, before the server, or even the extension, is there.
      await window.focus('cold.yml');
      await window.press('Control+End');
      await window.insert(apt.name);
      await window.ghost(lastWord(apt), 90_000);
      await window.look();
      await window.press('Tab');
      await saved(window, 'cold.yml', written(apt));
      await logged(window.lab, 'cold.yml', lastWord(apt), {
        outcome: 'accepted',
        has: ['offered/inferred', 'shown/inferred', 'accepted/confirmed'],
      });
      assert.equal(await window.lab.probed(), 'refused', 'proposed API is not off');
    },
  },
  {
    name: 'the server killed while typing',
    run: async (window) => {
      const apt = task('aardvark');
      const service = task('binturong');
      const file = 'killed.yml';
      await named(window, file, service);
      const [pid] = await window.lab.serverPids();
      assert.ok(pid !== undefined);
      process.kill(pid, 'SIGKILL');
      await window.press('Escape', 'Enter');
      await window.type('# still typing');
      // Until its end is noticed, the status bar tells of the one that was killed.
      await window.lab.serverAfter(pid);
      await window.statusSays(/ready/);
      await window.press('Enter', 'Backspace');
      await window.insert(`- name: ${apt.name}`);
      await window.ghost(lastWord(apt));
      await window.press('Tab');
      const body = apt.body.map((line) => `      ${line}\n`).join('');
      await saved(window, file, `${PLAY}${service.name}\n      # still typing\n    - name: ${apt.name}\n${body}`);
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
      // Killed before anything more could be told of it: what was in the log is there, and nothing is made up.
      await logged(window.lab, file, lastWord(service), { outcome: null, has: ['offered/inferred', 'shown/inferred'] });
    },
  },
  {
    name: 'the model endpoint down, then back',
    run: async (window) => {
      const down = task('echidna');
      const back = task('fossa');
      const file = 'down.yml';
      await window.lab.stopEndpoint();
      await window.fresh(file, PLAY);
      await window.insert(down.name);
      await window.statusSays(/problem/);
      await window.press('Escape', 'Enter');
      await window.type('when: false');
      await window.lab.startEndpoint();
      await window.press('Escape', 'Enter', 'Backspace');
      await window.insert(`- name: ${back.name}`);
      // It was left alone for a moment; whoever writes on meanwhile is answered all the same.
      await window.ghost(lastWord(back));
      await window.statusSays(/ready/);
      await window.press('Tab');
      const body = back.body.map((line) => `      ${line}\n`).join('');
      await saved(window, file, `${PLAY}${down.name}\n      when: false\n    - name: ${back.name}\n${body}`);
      await logged(window.lab, file, lastWord(back), { outcome: 'accepted', has: ['accepted/confirmed'] });
      await accepts(window.lab, file, 1);
    },
  },
  {
    name: 'a key: its lack is told, it goes into the secret storage, and what was typed is answered',
    lab: { key: 'sk-key-of-the-loris' },
    opens: { name: 'key.yml', text: PLAY },
    run: async (window) => {
      const apt = task('loris');
      const { lab } = window;
      await window.statusSays(/ready/);
      await window.focus('key.yml');
      await window.press('Control+End');
      await window.insert(apt.name);
      await window.statusSays(/problem.*key/);
      await window.command('Chiron: Set Key for an Endpoint');
      await window.pick('scripted');
      const input = window.page.locator('.quick-input-widget input[type="password"]');
      await input.fill('sk-key-of-the-loris');
      await window.press('Enter');
      // Nothing is typed again, and the cursor is where it was.
      await window.ghost(lastWord(apt), 60_000);
      await window.statusSays(/ready/);
      await window.focus('key.yml');
      await window.look();
      await window.press('Tab');
      await saved(window, 'key.yml', written(apt));
      await logged(lab, 'key.yml', lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
      assert.deepEqual(lab.filesWith('sk-key-of-the-loris'), []);
    },
  },
  {
    name: 'paused in a file, then everywhere, then not',
    run: async (window) => {
      const apt = task('gerenuk');
      const file = 'paused.yml';
      await window.fresh(file, PLAY);
      await window.command('Chiron: Pause or Resume in This File');
      await window.statusSays(/paused in this file/);
      await window.focus(file);
      await window.insert(apt.name);
      await window.noGhost(1500);
      assert.deepEqual(await window.lab.rows(file), []);
      await window.command('Chiron: Pause or Resume in This File');
      await window.command('Chiron: Pause or Resume Everywhere');
      await window.statusSays(/Chiron is paused/);
      await window.focus(file);
      await window.press('Backspace');
      await window.noGhost(1500);
      assert.deepEqual(await window.lab.rows(file), []);
      await window.command('Chiron: Pause or Resume Everywhere');
      await window.statusSays(/ready/);
      await window.focus(file);
      await window.type(apt.name.slice(-1));
      await window.ghost(lastWord(apt));
      await window.look();
      await window.press('Tab');
      await saved(window, file, written(apt));
      await logged(window.lab, file, lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'an untrusted workspace',
    lab: { untrusted: true },
    opens: { name: 'untrusted.yml', text: PLAY },
    run: async (window) => {
      const apt = task('hoatzin');
      const trap = join(window.lab.folder, 'trap');
      const evil = window.lab.write('evil.sh', `#!/bin/sh\ntouch ${trap}\n`);
      window.lab.write(
        '.vscode/settings.json',
        JSON.stringify({ 'chiron.serverPath': evil, 'chiron.python': evil, 'chiron.model': 'none', 'chiron.endpoints': {} }),
      );
      await window.statusSays(/ready\. Model: scripted/);
      await window.focus('untrusted.yml');
      await window.press('Control+End');
      await window.insert(apt.name);
      await window.ghost(lastWord(apt));
      await window.look();
      await window.press('Tab');
      await saved(window, 'untrusted.yml', written(apt));
      await logged(window.lab, 'untrusted.yml', lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
      assert.ok(!existsSync(trap), 'a program that the workspace named was run');
      // Trusted, it may say more, but no more name a program; and suggestions go on.
      const civet = task('civet');
      const [pid] = await window.lab.serverPids();
      await window.command('Workspaces: Manage Workspace Trust');
      await window.page.locator('.workspace-trust-editor .monaco-button').filter({ hasText: /^Trust$/ }).click();
      await window.page.locator('.workspace-trust-editor').getByText('You trust this folder').waitFor();
      await window.lab.serverAfter(pid);
      await window.fresh('trusted.yml', PLAY);
      await window.statusSays(/ready\. Model: scripted/);
      await window.insert(civet.name);
      await window.ghost(lastWord(civet));
      await window.look();
      await window.press('Tab');
      await saved(window, 'trusted.yml', written(civet));
      await logged(window.lab, 'trusted.yml', lastWord(civet), { outcome: 'accepted', has: ['accepted/confirmed'] });
      assert.ok(!existsSync(trap), 'a program that the trusted workspace named was run');
    },
  },
  {
    name: 'no server on the machine: the extension installs its own',
    lab: { ownServer: true },
    opens: { name: 'install.yml', text: PLAY },
    run: async (window) => {
      const apt = task('indri');
      await window.focus('install.yml');
      await window.press('Control+End');
      await window.insert(apt.name);
      await window.ghost(lastWord(apt), 400_000);
      await window.look();
      await window.press('Tab');
      await saved(window, 'install.yml', written(apt));
      const servers = (await window.lab.processes()).filter(({ command }) => command.includes('serve --stdio'));
      assert.ok(servers.some(({ command }) => command.includes('globalStorage')), JSON.stringify(servers));
      await logged(window.lab, 'install.yml', lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'no Python, then no network: what to do is said, and done',
    lab: { ownServer: true, bare: true },
    opens: { name: 'bare.yml', text: PLAY },
    run: async (window) => {
      const apt = task('jacana');
      const { lab } = window;
      await window.told(/needs Python 3\.11 or later.*Install it/, 60_000);
      await window.statusSays(/problem.*Python 3\.11 or later/);
      lab.provide('python3', lab.installed.python);
      await window.answer('Try again');
      await window.told(/could not be downloaded.*Check the network/, 120_000);
      await window.statusSays(/problem.*Check the network/);
      // Somebody installs the server in another way; it is found on PATH.
      lab.provide('chiron', join(lab.installed.venv, 'bin', 'chiron'));
      await window.answer('Try again');
      await window.statusSays(/ready/);
      await window.press('Control+Alt+n');
      await window.focus('bare.yml');
      await window.press('Control+End');
      await window.insert(apt.name);
      await window.ghost(lastWord(apt));
      await window.look();
      await window.press('Tab');
      await saved(window, 'bare.yml', written(apt));
      await logged(lab, 'bare.yml', lastWord(apt), { outcome: 'accepted', has: ['accepted/confirmed'] });
    },
  },
  {
    name: 'the embedded model',
    lab: { model: 'embedded' },
    opens: { name: 'embedded.yml', text: PLAY },
    run: async (window) => {
      await window.statusSays(/ready\. Model: .*; text stays on this machine/, 120_000);
      await window.focus('embedded.yml');
      await window.press('Control+End');
      await window.insert('Install nginx');
      // A model this small is not asked on every keystroke, but when a person asks.
      const asked = async (): Promise<boolean> =>
        (await window.lab.rows('embedded.yml', true)).some(({ model }) => model?.includes('gemma') === true);
      for (const until = Date.now() + 240_000; !(await asked()) && Date.now() < until; ) {
        await window.command('Chiron: Suggest Now');
        // Asking again before it has answered would take the question back.
        for (const patience = Date.now() + 60_000; !(await asked()) && Date.now() < patience; ) {
          await sleep(500);
        }
      }
      const drawn = await window.ghost('', 30_000);
      const before = 'Install nginx';
      await window.press('Tab');
      await window.noGhost();
      await window.save();
      // Whatever the model wrote: what was drawn is what stands there, and what the log calls accepted.
      const text = window.lab.read('embedded.yml');
      assert.ok(text.startsWith(`${PLAY}${before}`), text);
      assert.ok(plain(text).endsWith(plain(drawn)), `${text} does not end in ${drawn}`);
      assert.ok(await asked(), 'the model was never asked');
      const [row] = await taken(window.lab, 'embedded.yml');
      assert.ok(row && isConfirmed(row) && plain(drawn).endsWith(plain(row.text).slice(-20)));
    },
  },
];

function plain(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
