/**
 * VS Code's settings as the server wants them.
 *
 * Two ways lead to the server, and they are kept apart. What a workspace may set travels as
 * `initializationOptions`. Everything that names a program, an endpoint, a key or a place on disk is
 * machine-scoped and reaches the server as environment variables of the process we start, so that a
 * repository can neither redirect prompts nor name a program to run. Nothing here imports `vscode`.
 */

import { type InitializationOptions, isRecord } from './protocol.js';

/** The part of VS Code's `WorkspaceConfiguration` that is read here. */
export interface Reader {
  get(section: string): unknown;
  inspect(section: string): { globalValue?: unknown; workspaceValue?: unknown; workspaceFolderValue?: unknown } | undefined;
}

export interface Endpoint {
  readonly baseUrl: string;
  readonly model: string;
  readonly [setting: string]: unknown;
}

export interface Settings {
  /** A `chiron` to use instead of looking for one; empty to look. */
  readonly serverPath: string;
  /** Variables for the server, from the machine-scoped settings that were set. */
  readonly environment: Readonly<Record<string, string>>;
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  readonly automatic: boolean;
  readonly initializationOptions: InitializationOptions;
}

/** Settings that a workspace may change, as the server spells them. */
const EDITOR_SUGGEST = {
  automatic: 'automatic',
  debounceMs: 'debounce_ms',
  patienceMs: 'patience_ms',
  leastConfidence: 'least_confidence',
  nAlternatives: 'n_alternatives',
  recallThreshold: 'recall_threshold',
} as const;
const EDITOR_DIAGNOSTICS = { enabled: 'enabled', off: 'off', quiet: 'quiet', debounceMs: 'debounce_ms' } as const;

/** Machine-scoped settings, which become `CHIRON_…` variables when they differ from "not set". */
export const MACHINE_SETTINGS = [
  'model',
  'python',
  'collectionsPaths',
  'embedded.weights',
  'embedded.contextTokens',
  'embedded.nSlots',
  'embedded.threads',
  'embedded.idleStopS',
  'embedded.timeoutS',
  'cache.enabled',
  'cache.sizeMb',
  'feedback.enabled',
  'feedback.retentionDays',
  'logLevel',
] as const;

/** What a key in VS Code's secret storage is called. */
export function secretName(endpoint: string): string {
  return `chiron.key.${endpoint}`;
}

/** The variable a key reaches the server in. Two endpoints never share one. */
export function keyVariable(endpoint: string): string {
  const plain = /^[A-Za-z0-9]+$/.test(endpoint);
  return plain ? `CHIRON_KEY_${endpoint.toUpperCase()}_${hex(endpoint)}` : `CHIRON_KEY_X_${hex(endpoint)}`;
}

/** Everything the extension needs to know before it starts a server. Wrong types count as not set. */
export function readSettings(reader: Reader): Settings {
  const endpoints = readEndpoints(machineValue(reader, 'endpoints'));
  return {
    serverPath: text(machineValue(reader, 'serverPath')),
    environment: machineEnvironment(reader, endpoints),
    endpoints,
    automatic: reader.get('suggest.automatic') !== false,
    initializationOptions: {
      clientCommands: true,
      suggest: chosen(reader, 'suggest', EDITOR_SUGGEST),
      feedback: { exclude: excluded(reader) },
      diagnostics: chosen(reader, 'diagnostics', EDITOR_DIAGNOSTICS),
    },
  };
}

/** The server's environment: `settings` and the keys that belong to its endpoints. */
export function withKeys(settings: Settings, keys: ReadonlyMap<string, string>): Record<string, string> {
  const environment: Record<string, string> = { ...settings.environment };
  for (const [name, key] of keys) {
    if (settings.endpoints.has(name)) {
      environment[keyVariable(name)] = key;
    }
  }
  return environment;
}

/** Globs to keep out. A workspace may add to the person's own, never take one away. */
function excluded(reader: Reader): string[] {
  const seen = reader.inspect('feedback.exclude');
  const layers = [seen?.globalValue, seen?.workspaceValue, seen?.workspaceFolderValue];
  return [...new Set(layers.flatMap(strings))];
}

/** Only what was set by somebody, so that the server's own file keeps its say over our defaults. */
function chosen(reader: Reader, room: string, names: Readonly<Record<string, string>>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [ours, theirs] of Object.entries(names)) {
    const seen = reader.inspect(`${room}.${ours}`);
    if (seen && (seen.globalValue ?? seen.workspaceValue ?? seen.workspaceFolderValue) !== undefined) {
      result[theirs] = reader.get(`${room}.${ours}`);
    }
  }
  return result;
}

function machineEnvironment(reader: Reader, endpoints: ReadonlyMap<string, Endpoint>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const name of MACHINE_SETTINGS) {
    const value = machineValue(reader, name);
    if (value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)) {
      continue;
    }
    const variable = `CHIRON_${name.split('.').map(snake).join('__').toUpperCase()}`;
    environment[variable] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  if (endpoints.size > 0) {
    const named = [...endpoints].map(([name, endpoint]) => [name, toServer(name, endpoint)]);
    environment['CHIRON_ENDPOINTS'] = JSON.stringify(Object.fromEntries(named));
  }
  return environment;
}

/** VS Code refuses machine-scoped settings from a workspace; reading the user's value alone refuses them again. */
function machineValue(reader: Reader, name: string): unknown {
  return reader.inspect(name)?.globalValue;
}

function readEndpoints(value: unknown): Map<string, Endpoint> {
  const endpoints = new Map<string, Endpoint>();
  for (const [name, endpoint] of Object.entries(isRecord(value) ? value : {})) {
    if (isRecord(endpoint) && text(endpoint['baseUrl']) !== '' && text(endpoint['model']) !== '') {
      endpoints.set(name, { ...endpoint, baseUrl: text(endpoint['baseUrl']), model: text(endpoint['model']) });
    }
  }
  return endpoints;
}

/** One endpoint in the server's spelling. A variable the person named for the key is left as it is. */
function toServer(name: string, endpoint: Endpoint): Record<string, unknown> {
  const fields = Object.entries(endpoint).map(([key, value]) => [snake(key), value] as const);
  return { api_key_env: keyVariable(name), ...Object.fromEntries(fields) };
}

export function snake(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

function hex(value: string): string {
  return Buffer.from(value, 'utf8').toString('hex').toUpperCase();
}
