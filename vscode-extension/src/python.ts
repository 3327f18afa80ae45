/**
 * Where the server comes from: one that is on this machine, else a private environment of the extension's.
 *
 * A program is run only from an absolute path that the person chose or that PATH names; never one found
 * relative to the workspace. Nothing here imports `vscode`.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

export const OLDEST_PYTHON = [3, 11] as const;

/** A command line without the arguments that make it serve. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it was found, in words. */
  readonly origin: string;
  /** Whether it is the extension's own environment. */
  readonly isPrivate: boolean;
}

export interface Python {
  readonly path: string;
  readonly version: string;
}

/** What went wrong and what a person can do about it, in plain words. */
export class SetupError extends Error {
  constructor(
    message: string,
    readonly advice: string,
    readonly output = '',
  ) {
    super(message);
    this.name = 'SetupError';
  }
}

export interface RunResult {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type Run = (command: string, args: readonly string[], options: RunOptions) => Promise<RunResult>;

/** Runs a program to its end. A program that cannot be started counts as one that failed. */
export const run: Run = (command, args, options) =>
  new Promise((resolve) => {
    execFile(
      command,
      [...args],
      {
        cwd: options.cwd,
        timeout: options.timeoutMs,
        windowsHide: true,
        maxBuffer: 16 * 1024 * 1024,
        ...(options.signal ? { signal: options.signal } : {}),
      },
      (error, stdout, stderr) => {
        resolve({ ok: error === null, stdout, stderr: error ? `${stderr}\n${error.message}`.trim() : stderr });
      },
    );
  });

/** The person's own `chiron`, or the first on PATH that answers as ours; undefined where there is none. */
export async function installedServer(
  serverPath: string,
  path: string,
  cwd: string,
  execute: Run = run,
): Promise<ServerCommand | undefined> {
  if (serverPath !== '') {
    if (!isAbsolute(serverPath)) {
      throw new SetupError(
        `chiron.serverPath is not an absolute path: ${serverPath}`,
        'Write the whole path in the user settings, or leave the setting empty.',
      );
    }
    const version = await serverVersion(serverPath, cwd, execute);
    if (version === undefined) {
      throw new SetupError(
        `chiron.serverPath does not lead to a Chiron: ${serverPath}`,
        'Correct the path in the user settings, or leave the setting empty so that Chiron installs itself.',
      );
    }
    return { command: serverPath, args: [], origin: `chiron.serverPath, version ${version}`, isPrivate: false };
  }
  for (const folder of path.split(delimiter).filter((entry) => isAbsolute(entry))) {
    const candidate = join(folder, process.platform === 'win32' ? 'chiron.exe' : 'chiron');
    const version = (await isExecutable(candidate)) ? await serverVersion(candidate, cwd, execute) : undefined;
    if (version !== undefined) {
      return { command: candidate, args: [], origin: `PATH, version ${version}`, isPrivate: false };
    }
  }
  return undefined;
}

/** The version a `chiron` prints, or undefined if the program is something else of that name. */
async function serverVersion(path: string, cwd: string, execute: Run): Promise<string | undefined> {
  const result = await execute(path, ['--version'], { cwd, timeoutMs: 20_000 });
  return result.ok ? /^chiron\b[^\d]*(\d+\.\d+\S*)/i.exec(result.stdout.trim())?.[1] : undefined;
}

/** The first of `candidates` that is a Python new enough, or undefined. */
export async function findPython(
  candidates: readonly string[],
  cwd: string,
  execute: Run = run,
): Promise<Python | undefined> {
  const ask = 'import sys; print("%d.%d.%d" % sys.version_info[:3]); print(sys.executable)';
  for (const candidate of candidates) {
    const [command = '', ...args] = candidate.startsWith('py ') ? candidate.split(' ') : [candidate];
    // Isolated, so that no module lying about in a folder of the workspace is imported.
    const result = await execute(command, [...args, '-I', '-c', ask], { cwd, timeoutMs: 20_000 });
    const [version = '', path = ''] = result.ok ? result.stdout.trim().split(/\r?\n/) : [];
    if (isNewEnough(version) && path !== '') {
      return { path, version };
    }
  }
  return undefined;
}

/** Names under which a Python is looked for on PATH, newest first, then the plain ones. */
export function pythonNames(platform: NodeJS.Platform): string[] {
  return platform === 'win32'
    ? ['py -3', 'python', 'python3']
    : ['python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3', 'python'];
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

export interface EnvironmentPlan {
  /** The extension's own storage, where the environment is kept. */
  readonly storage: string;
  readonly wheel: string;
  readonly python: Python;
  /** Extras of the wheel: `local` is the model in the box. */
  readonly extras: readonly string[];
  readonly report: (step: string) => void;
  readonly signal: AbortSignal;
}

/** The private environment's server if it was completed for this very wheel, else undefined. */
export async function privateServer(storage: string, wheel: string): Promise<ServerCommand | undefined> {
  const marker = await readMarker(storage);
  return marker?.wheel === (await fingerprint(wheel)) ? inEnvironment(storage) : undefined;
}

/** Extras the private environment was made with; empty where there is none. */
export async function installedExtras(storage: string): Promise<readonly string[]> {
  return (await readMarker(storage))?.extras ?? [];
}

/**
 * Makes the private environment, or brings it up to `plan.wheel`, and returns its server.
 *
 * It counts as made only when its marker is written, which happens last; what a failure or a closed window
 * left behind is removed at the next start. Raises `SetupError`.
 */
export async function makeEnvironment(plan: EnvironmentPlan, execute: Run = run): Promise<ServerCommand> {
  const { storage, signal } = plan;
  const folder = environmentFolder(storage);
  await mkdir(storage, { recursive: true });
  return withLock(join(storage, 'environment.lock'), async () => {
    const done = await privateServer(storage, plan.wheel);
    const extrasThere = await installedExtras(storage);
    if (done && plan.extras.every((extra) => extrasThere.includes(extra))) {
      return done;
    }
    await rm(join(storage, MARKER), { force: true });
    await rm(folder, { recursive: true, force: true });
    plan.report(`Making a private environment with Python ${plan.python.version}`);
    const made = await execute(plan.python.path, ['-I', '-m', 'venv', folder], {
      cwd: storage,
      timeoutMs: 180_000,
      signal,
    });
    if (!made.ok) {
      throw venvProblem(plan.python, made, signal);
    }
    const extras = plan.extras.length > 0 ? `[${plan.extras.join(',')}]` : '';
    plan.report('Installing the language server and what it needs');
    const pip = ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', `${plan.wheel}${extras}`];
    const installed = await execute(environmentPython(storage), pip, { cwd: storage, timeoutMs: 1_800_000, signal });
    if (!installed.ok) {
      throw pipProblem(installed, signal);
    }
    const marker: Marker = { wheel: await fingerprint(plan.wheel), extras: plan.extras };
    await writeFile(join(storage, MARKER), JSON.stringify(marker));
    return inEnvironment(storage);
  });
}

/** Removes the private environment. */
export async function removeEnvironment(storage: string): Promise<void> {
  await rm(join(storage, MARKER), { force: true });
  await rm(environmentFolder(storage), { recursive: true, force: true });
}

/** The wheel that the extension carries. Raises `SetupError` where it carries none. */
export async function bundledWheel(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const wheel = names.filter((name) => /^chiron_ls-.*\.whl$/.test(name)).sort().at(-1);
  if (wheel === undefined) {
    throw new SetupError(
      'This build of the extension carries no server.',
      'Install it with "pip install chiron-ls" and set chiron.serverPath, or install the released extension.',
    );
  }
  return join(folder, wheel);
}

interface Marker {
  readonly wheel: string;
  readonly extras: readonly string[];
}

const MARKER = 'environment.json';

async function readMarker(storage: string): Promise<Marker | undefined> {
  try {
    const marker = JSON.parse(await readFile(join(storage, MARKER), 'utf8')) as Partial<Marker>;
    return typeof marker.wheel === 'string' ? { wheel: marker.wheel, extras: marker.extras ?? [] } : undefined;
  } catch {
    return undefined;
  }
}

function environmentFolder(storage: string): string {
  return join(storage, 'environment');
}

function environmentPython(storage: string): string {
  const folder = environmentFolder(storage);
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

function inEnvironment(storage: string): ServerCommand {
  return {
    command: environmentPython(storage),
    args: ['-I', '-m', 'chiron'],
    origin: "the extension's own environment",
    isPrivate: true,
  };
}

async function fingerprint(wheel: string): Promise<string> {
  return createHash('sha256').update(await readFile(wheel)).digest('hex');
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function venvProblem(python: Python, result: RunResult, signal: AbortSignal): SetupError {
  if (signal.aborted) {
    return new SetupError('The installation was cancelled.', 'Run "Chiron: Restart Server" to try again.');
  }
  const output = `${result.stdout}\n${result.stderr}`.trim();
  if (/ensurepip|python3?[\d.]*-venv/i.test(output)) {
    return new SetupError(
      `Python ${python.version} on this machine cannot make environments.`,
      'On Debian and Ubuntu, run "sudo apt install python3-venv". Then run "Chiron: Restart Server".',
      output,
    );
  }
  return new SetupError(
    `Python ${python.version} (${python.path}) could not make an environment.`,
    'The log says why. Another Python can be chosen with "Python: Select Interpreter".',
    output,
  );
}

function pipProblem(result: RunResult, signal: AbortSignal): SetupError {
  if (signal.aborted) {
    return new SetupError('The installation was cancelled.', 'Run "Chiron: Restart Server" to try again.');
  }
  const output = `${result.stdout}\n${result.stderr}`.trim();
  if (/NewConnectionError|ConnectTimeout|Name or service not known|name resolution|getaddrinfo|ProxyError|No matching distribution found|Network is unreachable|SSLError/i.test(output)) {
    return new SetupError(
      'The packages that Chiron needs could not be downloaded.',
      'Check the network and the proxy, then run "Chiron: Restart Server". On a machine without a network, install chiron-ls from a local index and set chiron.serverPath.',
      output,
    );
  }
  if (/No space left|ENOSPC|disk quota/i.test(output)) {
    return new SetupError('There is not enough room on the disk to install Chiron.', 'It needs about 150 MB.', output);
  }
  return new SetupError('Chiron could not be installed.', 'The log says why.', output);
}

/** Runs `action` while no other window does the same. A lock that was left behind is taken over. */
async function withLock<T>(path: string, action: () => Promise<T>): Promise<T> {
  const stale = 45 * 60_000;
  for (;;) {
    try {
      await mkdir(path);
      break;
    } catch {
      const age = await stat(path).then(
        (found) => Date.now() - found.mtimeMs,
        () => 0,
      );
      if (age > stale) {
        await rm(path, { recursive: true, force: true });
      } else {
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  }
  try {
    return await action();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}
