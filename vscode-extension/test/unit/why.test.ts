import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Why } from '../../src/protocol.js';
import { suggestionIdOf } from '../../src/protocol.js';
import { escape, sentPage, whyHover, whyPage } from '../../src/why.js';
import { statusWords } from '../../src/words.js';

const WHY: Why = {
  id: 'id-1',
  text: '\n  ansible.builtin.apt:\n    name: nginx\n',
  source: 'recall',
  model: null,
  module: 'ansible.builtin.apt',
  grounds: [
    { kind: 'module', what: 'ansible.builtin.apt', detail: 'ansible-core 2.18' },
    { kind: 'task', what: 'Install nginx', where: 'roles/web/tasks/main.yml:4' },
  ],
  stageMs: { scope: 0.42, recall: 3 },
  sent: '',
  outcome: 'accepted',
};

test('the page tells source, module, similar tasks, times and that nothing was sent', () => {
  const page = whyPage(WHY);
  assert.match(page, /a task that was already written/);
  assert.match(page, /`ansible\.builtin\.apt`/);
  assert.match(page, /Install nginx in roles\/web\/tasks\/main\.yml:4/);
  assert.match(page, /\| recall \| 3\.0 \|/);
  assert.match(page, /No model was asked/);
});

test('only a task that somebody wrote is called one', () => {
  const example = { kind: 'task', what: 'Install apache', where: 'apt.py:120', detail: 'examples' };
  const meant = { kind: 'fact', what: 'what such names usually mean' };
  assert.match(whyHover({ ...WHY, grounds: [example] }), /from an example in a module's documentation\./);
  assert.match(whyHover({ ...WHY, grounds: [meant] }), /from what such names usually mean\./);
  assert.match(whyHover({ ...WHY, grounds: [] }), /from what is installed and used here\./);
});

test('the page says what the module does, and shows the suggestion from its own column', () => {
  const page = whyPage({ ...WHY, moduleAbout: 'Manages *apt*-packages.' });
  assert.match(page, /`ansible\.builtin\.apt`: Manages \\\*apt\\\*-packages\. Chiron checked/);
  assert.match(page, /\nansible\.builtin\.apt:\n {2}name: nginx\n/);
});

test('what was sent is shown in full, in a fence that it cannot close', () => {
  const page = whyPage({ ...WHY, source: 'model', model: 'gemma', sent: 'a\n```\n# not a heading\n' });
  assert.match(page, /````text\na\n```\n# not a heading\n````/);
  assert.match(sentPage({ ...WHY, source: 'model', model: 'gemma', sent: 'x' }), /gemma/);
  assert.match(sentPage(null), /Nothing was suggested yet/);
});

test('names from a project cannot bring links or HTML into a page or a hover', () => {
  const hostile = { kind: 'task', what: '[x](command:evil) <img src=x onerror=y> `', where: 'a\nb' };
  const texts = [whyPage({ ...WHY, grounds: [hostile] }), whyHover({ ...WHY, grounds: [hostile] })];
  for (const text of texts) {
    assert.doesNotMatch(text, /[^\\]\[x[^\\]\]\(command/);
    assert.doesNotMatch(text, /<img/);
  }
  assert.equal(escape('a*b'), 'a\\*b');
});

test('the hover fits in a few lines', () => {
  assert.ok(whyHover(WHY).split('\n\n').length <= 4);
});

test('an id is read from our own command alone', () => {
  assert.equal(suggestionIdOf({ command: 'chiron.accepted', arguments: [{ suggestionId: 'a' }] }), 'a');
  assert.equal(suggestionIdOf({ command: 'other.accepted', arguments: [{ suggestionId: 'a' }] }), undefined);
  assert.equal(suggestionIdOf({ command: 'chiron.accepted', arguments: [] }), undefined);
  assert.equal(suggestionIdOf(undefined), undefined);
});

test('the status says in words whether text leaves this machine', () => {
  const local = { state: 'ready', model: 'gemma', endpoint: 'embedded', leavesMachine: false } as const;
  const hosted = { state: 'thinking', model: 'big', endpoint: 'host.example', leavesMachine: true } as const;
  assert.match(statusWords(local, false).spoken, /gemma; text stays on this machine/);
  assert.match(statusWords(hosted, false).spoken, /text is sent to host\.example/);
  assert.match(statusWords(hosted, false).text, /thinking/);
});

test('a paused file says so, and a problem says what to do', () => {
  const ready = { state: 'ready', model: null, endpoint: null, leavesMachine: false } as const;
  assert.match(statusWords(ready, true).text, /paused/);
  assert.match(statusWords(ready, true).spoken, /paused in this file\. Model: none, so only what was written before/);
  assert.match(statusWords({ ...ready, state: 'paused' }, true).spoken, /^Chiron is paused\./);
  assert.match(statusWords({ ...ready, state: 'starting' }, true).spoken, /^Chiron is starting\.$/);
  const problem = { ...ready, state: 'problem', message: 'No answer.', advice: 'Start it.' } as const;
  assert.match(statusWords(problem, true).spoken, /has a problem\..*No answer\. Start it\./);
});

test('nothing is claimed about a model while no server runs', () => {
  assert.doesNotMatch(statusWords({ state: 'off', model: null, endpoint: null, leavesMachine: false }, false).spoken, /machine/);
});
