import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indentAfter, isAnsible } from '../../src/language.js';

const PLAY = '---\n- hosts: all\n  tasks: []\n';
const TASKS = '- name: Install nginx\n  ansible.builtin.apt:\n    name: nginx\n';

function check(expected: boolean, language: string, path: string, text = ''): void {
  assert.equal(isAnsible(language, path, text), expected, `${language} ${path}`);
}

test('a file of language ansible is Ansible whatever stands in it', () => {
  check(true, 'ansible', '/x/anything.yml');
});

test('task and handler files are known by their folder', () => {
  check(true, 'yaml', '/x/roles/web/tasks/main.yml');
  check(true, 'yaml', 'C:\\x\\roles\\web\\handlers\\main.yaml');
  check(true, 'yaml', '/x/playbooks/upgrade.yml');
});

test('a play is known by its hosts, wherever it stands', () => {
  check(true, 'yaml', '/x/deploy.yml', PLAY);
  check(true, 'yaml', '/x/untitled.yml', TASKS);
});

test('variables, templates, requirements and vaults hold no tasks', () => {
  check(false, 'yaml', '/x/roles/web/defaults/main.yml', 'a: 1');
  check(false, 'yaml', '/x/group_vars/all.yml', TASKS);
  check(false, 'yaml', '/x/roles/web/meta/main.yml', '');
  check(false, 'yaml', '/x/requirements.yml', '- name: x\n');
  check(false, 'yaml', '/x/tasks/main.yml', '$ANSIBLE_VAULT;1.1;AES256\n61');
});

test('YAML of others is left alone', () => {
  check(false, 'yaml', '/x/.github/workflows/ci.yml', '- name: Build\n  run: make\n');
  check(false, 'yaml', '/x/deployment.yaml', 'kind: Deployment\nspec:\n  containers:\n  - name: web\n');
  check(false, 'yaml', '/x/docker-compose.yml', 'services: {}');
  check(false, 'json', '/x/tasks/main.yml', PLAY);
});

test('Enter goes to the keys after a name, and into a key that has no value', () => {
  assert.equal(indentAfter('  - name: Install nginx'), '  ');
  assert.equal(indentAfter('- hosts: all'), '  ');
  assert.equal(indentAfter('      ansible.builtin.apt:'), '  ');
  assert.equal(indentAfter('  tasks:'), '  ');
  assert.equal(indentAfter('    - block:'), '    ');
  assert.equal(indentAfter('      ansible.builtin.shell: |'), '  ');
});

test('Enter stays where it is after anything else', () => {
  for (const line of ['', '  - nginx', '    name: nginx', '  - role: common', '# note:  x', '  - name: "a', 'text: a:']) {
    assert.equal(indentAfter(line), line.includes('- name:') ? '  ' : '', line);
  }
});
