import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { keyVariable, MACHINE_SETTINGS, type Reader, readSettings, withKeys } from '../../src/config.js';

interface Manifest {
  contributes: {
    configuration: { properties: Record<string, { scope: string; markdownDescription: string; default: unknown }> };
    commands: { command: string }[];
    keybindings: { key: string; command: string; when: string }[];
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const properties = manifest.contributes.configuration.properties;

/** A configuration with the given user and workspace values. */
function reader(user: Record<string, unknown>, workspace: Record<string, unknown> = {}): Reader {
  return {
    get: (name) => workspace[name] ?? user[name] ?? properties[`chiron.${name}`]?.default,
    inspect: (name) => ({ globalValue: user[name], workspaceValue: workspace[name] }),
  };
}

test('nothing set leaves the server to its own settings', () => {
  const settings = readSettings(reader({}));
  assert.deepEqual(settings.environment, {});
  assert.deepEqual(settings.initializationOptions, {
    clientCommands: true,
    suggest: {},
    feedback: { exclude: [] },
    diagnostics: {},
  });
  assert.equal(settings.automatic, true);
});

test('settings of suggestions travel to the server in its own spelling', () => {
  const { suggest } = readSettings(reader({ 'suggest.debounceMs': 10 }, { 'suggest.nAlternatives': 1 })).initializationOptions;
  assert.deepEqual(suggest, { debounce_ms: 10, n_alternatives: 1 });
});

test('machine settings become variables', () => {
  const { environment } = readSettings(
    reader({ model: 'work', python: '/usr/bin/python3', 'cache.sizeMb': 8, 'cache.enabled': false, collectionsPaths: ['/c'] }),
  );
  assert.deepEqual(environment, {
    CHIRON_MODEL: 'work',
    CHIRON_PYTHON: '/usr/bin/python3',
    CHIRON_CACHE__SIZE_MB: '8',
    CHIRON_CACHE__ENABLED: 'false',
    CHIRON_COLLECTIONS_PATHS: '["/c"]',
  });
});

test('a workspace cannot name a program, a model or an endpoint', () => {
  const settings = readSettings(
    reader({}, {
      serverPath: '/tmp/evil',
      python: '/tmp/evil',
      model: 'evil',
      endpoints: { evil: { baseUrl: 'https://evil.invalid/v1', model: 'm' } },
      'embedded.weights': '/tmp/evil.gguf',
    }),
  );
  assert.equal(settings.serverPath, '');
  assert.deepEqual(settings.environment, {});
  assert.equal(settings.endpoints.size, 0);
});

test('a workspace adds to the excluded globs and takes none away', () => {
  const { feedback } = readSettings(
    reader({ 'feedback.exclude': ['**/secret/**'] }, { 'feedback.exclude': ['**/private/**'] }),
  ).initializationOptions;
  assert.deepEqual(feedback.exclude, ['**/secret/**', '**/private/**']);
});

test('an endpoint keeps its name, and its key goes in a variable of its own', () => {
  const settings = readSettings(reader({ endpoints: { 'My-vLLM': { baseUrl: 'https://h/v1', model: 'm', timeoutS: 5 } } }));
  const variable = keyVariable('My-vLLM');
  assert.deepEqual(JSON.parse(settings.environment['CHIRON_ENDPOINTS'] ?? ''), {
    'My-vLLM': { base_url: 'https://h/v1', model: 'm', timeout_s: 5, api_key_env: variable },
  });
  assert.equal(withKeys(settings, new Map([['My-vLLM', 'k']]))[variable], 'k');
});

test('a key whose endpoint is gone is not handed to the server', () => {
  const environment = withKeys(readSettings(reader({})), new Map([['gone', 'k']]));
  assert.deepEqual(environment, {});
});

test('a variable or keyring name that the person gave is kept', () => {
  const settings = readSettings(reader({ endpoints: { a: { baseUrl: 'u', model: 'm', apiKeyEnv: 'MINE' } } }));
  assert.match(settings.environment['CHIRON_ENDPOINTS'] ?? '', /"api_key_env":"MINE"/);
});

test('endpoints of different names never share a variable', () => {
  const names = ['a', 'A', 'a-b', 'a_b', 'ä'];
  assert.equal(new Set(names.map(keyVariable)).size, names.length);
  names.forEach((name) => {
    assert.match(keyVariable(name), /^[A-Z][A-Z0-9_]+$/);
  });
});

test('values of the wrong type count as not set', () => {
  const settings = readSettings(reader({ serverPath: 5, endpoints: [], 'feedback.exclude': 'x' }));
  assert.equal(settings.serverPath, '');
  assert.equal(settings.endpoints.size, 0);
  assert.deepEqual(settings.initializationOptions.feedback.exclude, []);
});

test('every setting is described, and those the server is started with are machine-scoped', () => {
  for (const [name, { markdownDescription }] of Object.entries(properties)) {
    assert.ok(markdownDescription.length > 15, `${name} wants a description`);
  }
  for (const name of [...MACHINE_SETTINGS, 'serverPath', 'endpoints']) {
    assert.equal(properties[`chiron.${name}`]?.scope, 'machine', name);
  }
});

test('what names a program, an endpoint or a model is restricted in an untrusted workspace', () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  for (const name of ['serverPath', 'python', 'model', 'endpoints', 'embedded.weights']) {
    assert.ok(restricted.includes(`chiron.${name}`), name);
  }
});

test('Tab is not bound', () => {
  assert.deepEqual(manifest.contributes.keybindings.filter(({ key }) => /\btab\b/i.test(key)), []);
});

test('Escape is bound only while a suggestion of ours is drawn', () => {
  const escape = manifest.contributes.keybindings.filter(({ key }) => key === 'escape');
  assert.equal(escape.length, 1);
  assert.match(escape[0]?.when ?? '', /inlineSuggestionVisible && chiron\.suggestionPending/);
});
