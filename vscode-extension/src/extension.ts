/** Puts the parts together, and starts the server when the first Ansible file is seen. */

import * as vscode from 'vscode';
import { LastAccepted } from './accepted.js';
import { OfferedEdits } from './actions.js';
import { Session } from './client.js';
import { leaveToLint } from './coexist.js';
import { type Parts, RecentOffers, registerCommands } from './commands.js';
import { explainMiddleware } from './explain.js';
import { indentOnEnter } from './enter.js';
import { inlineMiddleware, PENDING, trackEditors } from './inline.js';
import { Pages } from './pages.js';
import { Pause } from './pause.js';
import type { Setup } from './setup.js';
import { settings, Starter } from './starter.js';
import { StatusItem } from './status.js';

/** Settings are typed one character at a time; the server is started again when they rest. */
const SETTINGS_REST_MS = 800;

let running: { session: Session } | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Chiron', { log: true });
  const offers = new RecentOffers();
  const { tracker, subscriptions } = trackEditors(() => session);
  const edits = new OfferedEdits();
  const session: Session = new Session(log, {
    ...inlineMiddleware({ tracker, offers, session: () => session, pause: () => pause, automatic: () => settings().automatic }),
    resolveCodeAction: edits.resolveCodeAction,
    handleDiagnostics: leaveToLint,
    ...explainMiddleware(
      () => session.languageClient,
      (markdown) => pages.follow('Explanation', markdown),
    ),
  });
  const pages = new Pages();
  const status = new StatusItem();
  const lastAccepted = new LastAccepted(session);
  const pause: Pause = new Pause(session, context.globalState, () => {
    tracker.end();
    refresh();
  });
  const setup: Setup = {
    context,
    log,
    installing: () => {
      session.show({ state: 'installing' });
    },
  };
  const starter = new Starter(setup, session, pause);
  const refresh = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    const isRelevant = document === undefined || ['ansible', 'yaml'].includes(document.languageId);
    if (starter.wasStarted && isRelevant) {
      status.update(session.status, document !== undefined && pause.isPaused(document.uri));
    } else {
      status.hide();
    }
  };
  const parts: Parts = {
    ...{ context, session, tracker, pages, pause, lastAccepted, log, offers },
    restart: () => starter.restart(),
    installModel: () => starter.installModel(),
  };
  let resting: NodeJS.Timeout | undefined;
  context.subscriptions.push(
    ...[log, session, edits, pages, status, lastAccepted, ...subscriptions],
    ...registerCommands(parts),
    indentOnEnter(() => vscode.workspace.getConfiguration('chiron').get('indentOnEnter', true)),
    session.onStatus(refresh),
    session.onStarted(() => {
      starter.started().catch((error: unknown) => {
        log.warn(String(error));
      });
    }),
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      refresh();
      starter.consider(editor?.document);
    }),
    vscode.workspace.onDidOpenTextDocument((document) => {
      starter.consider(document);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length > 0) {
        starter.typed(document);
      }
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('chiron') && starter.wasStarted) {
        clearTimeout(resting);
        resting = setTimeout(() => void starter.restart(), SETTINGS_REST_MS);
      }
    }),
    new vscode.Disposable(() => {
      clearTimeout(resting);
    }),
  );
  running = { session };
  void vscode.commands.executeCommand('setContext', PENDING, false);
  vscode.workspace.textDocuments.forEach((document) => {
    starter.consider(document);
  });
}

export async function deactivate(): Promise<void> {
  await running?.session.stop();
  running = undefined;
}
