/** One code-server with its own settings, workspace, feedback log and scripted endpoint. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EXTENSION, type Installed } from './install.js';
import { script } from './script.js';

const execute = promisify(execFile);

export interface LabOptions {
  /** Settings over the ones every run has. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Workspace trust is asked for, and not given. */
  readonly untrusted?: boolean;
  /** No server is told by its path, so that the extension looks for one or installs its own. */
  readonly ownServer?: boolean;
  /** PATH holds nothing but `Lab.bin`, which has no Python, and no package can be downloaded. */
  readonly bare?: boolean;
  /** Red Hat's extension, by its stand-in, is installed too. */
  readonly redhat?: boolean;
  /** The Python extension, by its stand-in, is installed too; this interpreter is chosen in it. */
  readonly python?: (installed: Installed) => string;
  /** The model in use: the scripted endpoint unless told otherwise. */
  readonly model?: 'scripted' | 'embedded';
  /** The endpoint demands this key. */
  readonly key?: string;
}

/** A suggestion as the log has it, with its events in order. */
export interface Row {
  readonly id: string;
  readonly uri: string;
  readonly scope: string;
  readonly task_name: string;
  readonly text: string;
  readonly source: string | null;
  readonly model: string | null;
  readonly module: string | null;
  readonly rank: number;
  readonly outcome: string | null;
  readonly undone: boolean | null;
  readonly kept_ratio: number | null;
  readonly label: string | null;
  readonly withheld: string | null;
  readonly events: readonly {
    readonly kind: string;
    readonly evidence: string;
    readonly at: string;
    readonly data: Readonly<Record<string, unknown>>;
  }[];
}

export class Lab {
  readonly folder: string;
  readonly workspace: string;
  readonly probe: string;
  /** What is chosen in the Python extension. */
  readonly choice: string;
  /** Programs of this lab alone; on PATH where it is bare. */
  readonly bin: string;
  private endpoint: ChildProcess | undefined;
  private editor: ChildProcess | undefined;
  private readonly log: string[] = [];

  private constructor(
    readonly installed: Installed,
    private readonly options: LabOptions,
    readonly port: number,
    private readonly endpointPort: number,
  ) {
    this.folder = mkdtempSync(join(tmpdir(), 'chiron-e2e-'));
    this.workspace = join(this.folder, 'workspace');
    this.probe = join(this.folder, 'probe');
    this.choice = join(this.folder, 'choice');
    this.bin = join(this.folder, 'bin');
    mkdirSync(this.workspace);
    mkdirSync(this.bin);
    if (options.python) {
      writeFileSync(this.choice, options.python(installed));
    }
  }

  private static readonly running = new Set<Lab>();

  /** Ends the processes of every lab at once, for a run that is cut short. */
  static killAll(): void {
    for (const lab of Lab.running) {
      lab.killEditor();
      lab.endpoint?.kill('SIGKILL');
    }
  }

  static async start(installed: Installed, options: LabOptions = {}): Promise<Lab> {
    const lab = new Lab(installed, options, await freePort(), await freePort());
    Lab.running.add(lab);
    try {
      lab.writeSettings();
      lab.writePrograms();
      writeFileSync(lab.script, script(options.key));
      await lab.startEndpoint();
      await lab.installExtensions();
      await lab.startEditor();
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The extension host's and everybody's environment: data apart from the person's own. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...(this.options.bare === true ? this.bareEnvironment : process.env),
      CHIRON_DATA_DIR: join(this.folder, 'data'),
      CHIRON_CACHE_DIR: join(this.folder, 'cache'),
      CHIRON_CONFIG: join(this.folder, 'config.toml'),
      CHIRON_E2E_PROBE: this.probe,
      CHIRON_E2E_CHOICE: this.choice,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
    };
  }

  /** As on a machine without Python and without a network: a login shell adds nothing to PATH. */
  private get bareEnvironment(): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PIP_'));
    const nowhere = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_CONFIG_FILE: '/dev/null', PIP_RETRIES: '0' };
    return { ...Object.fromEntries(kept), ...nowhere, PATH: this.bin, SHELL: join(this.bin, 'shell'), HOME: this.folder };
  }

  /** Puts a program on the lab's PATH that runs `path`. */
  provide(name: string, path: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
  }

  /** Writes a file of the workspace and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.workspace, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Empties every file of the workspace; that it is there, and open somewhere, may still matter. */
  empty(): void {
    for (const entry of readdirSync(this.workspace, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        writeFileSync(join(entry.parentPath, entry.name), '');
      }
    }
  }

  /** What is saved under `name`. */
  read(name: string): string {
    return readFileSync(join(this.workspace, name), 'utf8');
  }

  /** The log's suggestions for the file `name`, oldest first; those withheld only if asked for. */
  async rows(name: string, withWithheld = false): Promise<Row[]> {
    const python = join(this.installed.venv, 'bin', 'python');
    const program = join(EXTENSION, 'test', 'e2e', 'rows.py');
    const { stdout } = await execute(python, [program, `/${name}`], { env: this.environment, maxBuffer: 1e8 });
    return (JSON.parse(stdout) as Row[]).filter((row) => withWithheld || row.withheld === null);
  }

  /** What the log holds of the last few requests, in any file, shown or not; for a report of a failure. */
  async lastRows(): Promise<string> {
    const python = join(this.installed.venv, 'bin', 'python');
    const program = join(EXTENSION, 'test', 'e2e', 'rows.py');
    const { stdout } = await execute(python, [program, ''], { env: this.environment, maxBuffer: 1e8 });
    return (JSON.parse(stdout) as Row[])
      .slice(-8)
      .map((row) => `${row.uri.split('/').at(-1) ?? ''} ${row.scope} ${JSON.stringify(row.text)}: ${row.withheld ?? row.outcome ?? 'open'}`)
      .join('\n');
  }

  /** Files of settings, of the workspace and of Chiron's own in which `text` stands. */
  filesWith(text: string): string[] {
    return ['user/User', 'user/Machine', 'workspace', 'data', 'cache', 'config'].flatMap((name) => {
      const folder = join(this.folder, name);
      const entries = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
      return entries.flatMap((entry) => {
        const path = join(entry.parentPath, entry.name);
        return entry.isFile() && readFileSync(path).includes(text) ? [path] : [];
      });
    });
  }

  /** What the stand-in extension found about proposed API: `refused` or `allowed`. */
  async probed(): Promise<string> {
    for (const until = Date.now() + 10_000; Date.now() < until && !existsSync(this.probe); ) {
      await sleep(200);
    }
    return readFileSync(this.probe, 'utf8');
  }

  async startEndpoint(): Promise<void> {
    const python = join(this.installed.venv, 'bin', 'python');
    const args = ['-m', 'chiron.models.fake', '--script', this.script, '--port', String(this.endpointPort)];
    this.endpoint = spawn(python, args, { stdio: ['ignore', 'pipe', 'inherit'], env: this.environment });
    await new Promise<void>((resolve, reject) => {
      this.endpoint?.stdout?.once('data', () => {
        resolve();
      });
      this.endpoint?.once('exit', (code) => {
        reject(new Error(`the scripted endpoint ended with ${String(code)}`));
      });
    });
  }

  async stopEndpoint(): Promise<void> {
    await ended(this.endpoint);
    this.endpoint = undefined;
  }

  /** Process ids of the servers that the editor started, by their command line. */
  async serverPids(): Promise<number[]> {
    return (await this.processes()).filter(({ command }) => command.includes('serve --stdio')).map(({ pid }) => pid);
  }

  /** Waits until a server runs that is not the one with this process id. */
  async serverAfter(pid: number | undefined): Promise<void> {
    const until = Date.now() + 30_000;
    while ((await this.serverPids()).every((other) => other === pid)) {
      if (Date.now() > until) {
        throw new Error('no server was started in its place');
      }
      await sleep(100);
    }
  }

  /** Descendants of the editor's process: id, resident memory in MB and command line. */
  async processes(): Promise<{ pid: number; memory: number; command: string }[]> {
    const { stdout } = await execute('ps', ['-eo', 'pid=,ppid=,rss=,args='], { maxBuffer: 1e7 });
    const all = stdout.split('\n').flatMap((line) => {
      const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
      const [, pid, parent, kb, command] = found ?? [];
      return command === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), memory: Number(kb) / 1024, command }];
    });
    const ours = new Set(this.editor?.pid === undefined ? [] : [this.editor.pid]);
    for (let before = 0; before !== ours.size; ) {
      before = ours.size;
      all.filter(({ parent }) => ours.has(parent)).forEach(({ pid }) => ours.add(pid));
    }
    return all.filter(({ pid }) => ours.has(pid));
  }

  /** The last lines that the editor printed, for a report of a failure. */
  get output(): string {
    return this.log.join('').split('\n').slice(-20).join('\n');
  }

  /** The last lines of the extension's log, and the server's in it. */
  get extensionLog(): string {
    const logs = join(this.folder, 'user', 'logs');
    const names = existsSync(logs) ? readdirSync(logs, { recursive: true, encoding: 'utf8' }) : [];
    const texts = names.filter((name) => name.endsWith('Chiron.log')).map((name) => readFileSync(join(logs, name), 'utf8'));
    return texts.join('').trimEnd().split('\n').slice(-25).join('\n');
  }

  async stop(): Promise<void> {
    await this.endEditor();
    await this.stopEndpoint();
    Lab.running.delete(this);
    if (process.env['CHIRON_E2E_KEEP'] === undefined) {
      try {
        rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
      } catch (error) {
        // Something of the editor's still writes there. That is no fault of the scenario.
        console.log(`left behind: ${this.folder} (${String(error)})`);
      }
    }
  }

  private async endEditor(): Promise<void> {
    await ended(this.editor);
    this.killEditor();
  }

  /** The editor leads a group of processes; what it started goes with it. */
  private killEditor(): void {
    const pid = this.editor?.pid;
    if (pid !== undefined) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // All of them have ended.
      }
    }
  }

  private get script(): string {
    return join(this.folder, 'script.yml');
  }

  /** What shell scripts need, and a shell that reads no profile: its last argument is what to run. */
  private writePrograms(): void {
    for (const name of ['sh', 'env', 'ps', 'cat', 'ls', 'uname', 'dirname', 'basename', 'readlink', 'sed', 'grep', 'mkdir', 'rm', 'id']) {
      const path = ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find((each) => existsSync(each));
      if (path !== undefined) {
        this.provide(name, path);
      }
    }
    writeFileSync(join(this.bin, 'shell'), '#!/bin/sh\nfor command; do :; done\nexec /bin/sh -c "$command"\n', { mode: 0o755 });
  }

  private writeSettings(): void {
    const model = this.options.model ?? 'scripted';
    const endpoint = { baseUrl: `http://127.0.0.1:${this.endpointPort}/v1`, model: 'scripted', timeoutS: 30, maxRetries: 0 };
    // An editor in a browser takes machine-scoped settings from the machine that it runs on, and only there.
    const here = {
      'chiron.endpoints': { scripted: endpoint },
      'chiron.model': model,
      // On a busy machine a model that runs on it is slow as well.
      'chiron.embedded.timeoutS': 120,
      'chiron.logLevel': 'info',
      ...(this.options.ownServer === true ? {} : { 'chiron.serverPath': join(this.installed.venv, 'bin', 'chiron') }),
    };
    const settings = {
      // Tasks that earlier scenarios saved must not answer for the model.
      'chiron.suggest.recallThreshold': 1,
      // On a busy machine the script may answer late, and must still win.
      'chiron.suggest.patienceMs': 60_000,
      'chat.disableAIFeatures': true,
      'editor.wordBasedSuggestions': 'off',
      'editor.accessibilitySupport': 'off',
      'extensions.autoUpdate': false,
      'files.autoSave': 'off',
      'git.enabled': false,
      'security.workspace.trust.startupPrompt': 'never',
      'security.workspace.trust.banner': 'never',
      'telemetry.telemetryLevel': 'off',
      // So that what stands in a terminal can be read from the page.
      'terminal.integrated.gpuAcceleration': 'off',
      'window.restoreWindows': 'none',
      'workbench.editor.enablePreview': false,
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'workbench.startupEditor': 'none',
      'workbench.colorTheme': 'Default Dark Modern',
      ...this.options.settings,
    };
    const keys = [
      { key: 'ctrl+alt+l', command: 'editor.action.inlineSuggest.acceptNextLine' },
      { key: 'ctrl+alt+w', command: 'chiron.why' },
      { key: 'ctrl+alt+m', command: 'chiron.menu' },
      { key: 'ctrl+alt+x', command: 'workbench.action.revertAndCloseActiveEditor' },
      { key: 'ctrl+alt+g', command: 'workbench.action.joinAllGroups' },
      { key: 'ctrl+alt+n', command: 'notifications.clearAll' },
      { key: 'ctrl+alt+k', command: 'workbench.action.terminal.killAll' },
    ];
    const user = join(this.folder, 'user', 'User');
    const machine = join(this.folder, 'user', 'Machine');
    mkdirSync(user, { recursive: true });
    mkdirSync(machine, { recursive: true });
    writeFileSync(join(user, 'settings.json'), JSON.stringify(settings));
    writeFileSync(join(machine, 'settings.json'), JSON.stringify(here));
    writeFileSync(join(user, 'keybindings.json'), JSON.stringify(keys));
  }

  private async installExtensions(): Promise<void> {
    const { vsix, rival, redhat, pythons } = this.installed;
    const besides = [...(this.options.redhat === true ? [redhat] : []), ...(this.options.python ? [pythons] : [])];
    const wanted = [vsix, rival, ...besides];
    await this.runEditor(wanted.flatMap((path) => ['--install-extension', path]));
  }

  private async runEditor(args: string[]): Promise<void> {
    await execute(this.installed.node, [this.installed.entry, ...this.folders, ...args], { env: this.environment });
  }

  private get folders(): string[] {
    return ['--user-data-dir', join(this.folder, 'user'), '--extensions-dir', join(this.folder, 'extensions')];
  }

  private async startEditor(): Promise<void> {
    const args = [
      this.installed.entry,
      ...this.folders,
      ...['--auth', 'none', '--bind-addr', `127.0.0.1:${this.port}`],
      ...['--disable-telemetry', '--disable-update-check'],
      ...(this.options.untrusted === true ? [] : ['--disable-workspace-trust']),
    ];
    this.editor = spawn(this.installed.node, args, { stdio: ['ignore', 'pipe', 'pipe'], env: this.environment, detached: true });
    this.editor.stdout?.on('data', (chunk: Buffer) => this.log.push(chunk.toString()));
    this.editor.stderr?.on('data', (chunk: Buffer) => this.log.push(chunk.toString()));
    const until = Date.now() + 60_000;
    for (;;) {
      const isUp = await fetch(`${this.url}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      if (isUp) {
        return;
      }
      if (Date.now() > until) {
        throw new Error(`code-server did not come up:\n${this.output}`);
      }
      await sleep(200);
    }
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function ended(process: ChildProcess | undefined): Promise<void> {
  if (process?.exitCode !== null || process.signalCode !== null) {
    return;
  }
  process.removeAllListeners('exit');
  const exit = new Promise((resolve) => process.once('exit', resolve));
  process.kill('SIGTERM');
  await Promise.race([exit, sleep(5000)]);
  process.kill('SIGKILL');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  });
}
