/** When the server is started, with what, and what the person is told about it. */

import * as vscode from 'vscode';
import type { Again } from './again.js';
import type { Session } from './client.js';
import { readSettings, secretName, type Settings, withKeys } from './config.js';
import { isAnsible } from './language.js';
import type { Pause } from './pause.js';
import { bundledWheel, installedExtras, type ServerCommand, SetupError } from './python.js';
import { chosenPython, followChosenPython, install, resolveServer, type Setup } from './setup.js';
import { FIRST_USE } from './words.js';

const FIRST_USE_SEEN = 'firstUseSeen';
const MODEL_OFFERED = 'modelOffered';

/** The settings as they are now. */
export function settings(): Settings {
  return readSettings(vscode.workspace.getConfiguration('chiron'));
}

/** Starts the server once there is something for it to do, and again when asked. */
export class Starter {
  wasStarted = false;
  private hasServed = false;
  private server: ServerCommand | undefined;
  private starting: Promise<void> = Promise.resolve();
  /** The interpreter whose Ansible the server was told to look at. */
  private chosen: string | undefined;
  private following: vscode.Disposable | undefined;

  constructor(
    private readonly setup: Setup,
    private readonly session: Session,
    private readonly pause: Pause,
    private readonly again: Again,
  ) {}

  consider(document: vscode.TextDocument | undefined): void {
    if (!this.wasStarted && document && isAnsible(document.languageId, document.uri.path, document.getText())) {
      void this.restart();
    }
  }

  typed(document: vscode.TextDocument, edit: vscode.TextDocumentContentChangeEvent): void {
    // The editor changes documents of its own as well, such as its settings.
    if (!this.session.isServing && document === vscode.window.activeTextEditor?.document) {
      const end = document.positionAt(edit.rangeOffset + edit.text.length);
      this.again.typed({ uri: document.uri.toString(), position: end, version: document.version });
      this.consider(document);
    }
  }

  /** Starts, or stops and starts. What is asked meanwhile waits its turn. */
  restart(): Promise<void> {
    const isFirst = !this.wasStarted;
    this.wasStarted = true;
    this.starting = this.starting.then(() => this.start());
    if (isFirst) {
      // Not waited for: it ends when the person has answered.
      void this.starting.then(() => this.greet());
    }
    return this.starting;
  }

  async installModel(): Promise<void> {
    const { context } = this.setup;
    await this.session.stop();
    try {
      await install(this.setup, await bundledWheel(context.asAbsolutePath('bundled')), ['local']);
    } catch (error) {
      this.explain(error);
    }
    await this.restart();
  }

  private async start(): Promise<void> {
    try {
      const now = settings();
      const server = await resolveServer(this.setup, now);
      this.server = server;
      const environment = { ...process.env, ...(await this.ansiblePython(now)), ...withKeys(now, await this.keys(now)) };
      await this.session.start({ server, environment, initializationOptions: now.initializationOptions });
    } catch (error) {
      this.explain(error);
    }
  }

  /** The Python extension's choice tells whose Ansible is meant, unless the person said so themselves. */
  private async ansiblePython(now: Settings): Promise<Record<string, string>> {
    if ('CHIRON_PYTHON' in now.environment) {
      return {};
    }
    this.chosen = await chosenPython();
    this.following ??= await followChosenPython(() => void this.chosenAgain());
    return this.chosen === undefined ? {} : { CHIRON_PYTHON: this.chosen };
  }

  private async chosenAgain(): Promise<void> {
    await this.starting;
    const chosen = 'CHIRON_PYTHON' in settings().environment ? this.chosen : await chosenPython();
    if (chosen !== this.chosen) {
      // Noted at once: it may be told several times.
      this.chosen = chosen;
      await this.restart();
    }
  }

  dispose(): void {
    this.following?.dispose();
  }

  private async keys(now: Settings): Promise<ReadonlyMap<string, string>> {
    const keys = new Map<string, string>();
    for (const name of now.endpoints.keys()) {
      const key = await this.setup.context.secrets.get(secretName(name));
      if (key !== undefined) {
        keys.set(name, key);
      }
    }
    return keys;
  }

  /** Tells a server that has just started what it cannot know, and gets what was typed meanwhile its suggestion. */
  async started(): Promise<void> {
    await this.pause.renew();
    const document = vscode.window.activeTextEditor?.document;
    if (!this.hasServed && document?.isDirty === true) {
      // It may have been typed before this extension was there to see it.
      this.again.perhapsTyped({ uri: document.uri.toString(), position: undefined, version: document.version });
    }
    this.hasServed = true;
    await this.renew();
  }

  /** Chiron can answer now: whoever waits where the cursor is gets an answer. */
  async renew(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    await this.again.renew(
      editor && { uri: editor.document.uri.toString(), position: editor.selection.active, version: editor.document.version },
    );
  }

  private explain(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const advice = error instanceof SetupError ? error.advice : 'The log says why.';
    this.setup.log.error(message, error instanceof SetupError ? error.output : '');
    this.session.show({ state: 'problem', message, advice });
    const again = 'Try again';
    const log = 'Show log';
    // Not awaited: the message may stand for hours, and the next start must not wait for it.
    void vscode.window.showErrorMessage(`${message} ${advice}`, again, log).then((picked) => {
      if (picked === again) {
        void this.restart();
      }
      if (picked === log) {
        this.setup.log.show();
      }
    });
  }

  /** On the first use, says what Chiron is; and offers the model in the box where it is not installed. */
  private async greet(): Promise<void> {
    const { globalState, globalStorageUri } = this.setup.context;
    if (!this.session.isRunning) {
      return;
    }
    if (!globalState.get<boolean>(FIRST_USE_SEEN, false)) {
      await globalState.update(FIRST_USE_SEEN, true);
      const show = 'Show me';
      const picked = await vscode.window.showInformationMessage(FIRST_USE, show, 'OK');
      if (picked === show) {
        await vscode.commands.executeCommand('chiron.walkthrough');
      }
    }
    const extras = await installedExtras(globalStorageUri.fsPath);
    const hasModel = extras.includes('local') || settings().environment['CHIRON_MODEL'] !== undefined;
    if (this.server?.isPrivate === true && !hasModel && !globalState.get<boolean>(MODEL_OFFERED, false)) {
      await globalState.update(MODEL_OFFERED, true);
      const yes = 'Install the model';
      const picked = await vscode.window.showInformationMessage(
        'Chiron suggests from tasks already written. A small model that runs on this machine adds suggestions for new ones (a download of about 280 MB).',
        yes,
        'Not now',
      );
      if (picked === yes) {
        await this.installModel();
      }
    }
  }
}
