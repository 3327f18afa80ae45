/** Puts the parts together, and starts the server when the first Ansible file is seen. */

import * as vscode from 'vscode';
import { LastAccepted } from './accepted.js';
import { OfferedEdits } from './actions.js';
import { Again } from './again.js';
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
import { Thinking } from './thinking.js';

/** Settings are typed one character at a time; the server is started again when they rest. */
const SETTINGS_REST_MS = 800;

let running: { session: Session } | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Chiron', { log: true });
  const offers = new RecentOffers();
  const { tracker, subscriptions } = trackEditors(() => session);
  const edits = new OfferedEdits();
  const again = new Again(() => vscode.commands.executeCommand('editor.action.inlineSuggest.trigger'));
  const thinking = new Thinking(() => {
    refresh();
  });
  const session: Session = new Session(log, {
    ...inlineMiddleware({
      ...{ tracker, offers, again, thinking },
      ...{ session: () => session, pause: () => pause, automatic: () => settings().automatic },
    }),
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
  const starter = new Starter(setup, session, pause, again);
  const refresh = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    const isRelevant = document === undefined || ['ansible', 'yaml'].includes(document.languageId);
    if (starter.wasStarted && isRelevant) {
      const isThinking = thinking.isThinking && session.status.state === 'ready';
      const shown = isThinking ? { ...session.status, state: 'thinking' as const } : session.status;
      status.update(shown, document !== undefined && pause.isPaused(document.uri));
    } else {
      status.hide();
    }
  };
  const parts: Parts = {
    ...{ context, session, tracker, pages, pause, lastAccepted, log, offers },
    restart: () => starter.restart(),
    installModel: () => starter.installModel(),
  };
  const renew = (renewing: Promise<void>): void => {
    renewing.catch((error: unknown) => {
      log.warn(String(error));
    });
  };
  let used = JSON.stringify(forServer());
  let resting: NodeJS.Timeout | undefined;
  context.subscriptions.push(
    ...[log, session, starter, edits, pages, status, lastAccepted, ...subscriptions],
    ...registerCommands(parts),
    indentOnEnter(() => vscode.workspace.getConfiguration('chiron').get('indentOnEnter', true)),
    session.onStatus(refresh),
    session.onStatus(({ state }) => {
      if (state === 'ready' && session.isServing) {
        renew(starter.renew());
      }
    }),
    session.onStarted(() => {
      renew(starter.started());
    }),
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      refresh();
      starter.consider(editor?.document);
    }),
    vscode.workspace.onDidOpenTextDocument((document) => {
      starter.consider(document);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      const last = contentChanges.at(-1);
      if (last) {
        starter.typed(document, last);
      }
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('chiron')) {
        clearTimeout(resting);
        resting = setTimeout(() => {
          const now = JSON.stringify(forServer());
          if (now !== used && starter.wasStarted) {
            void starter.restart();
          }
          used = now;
        }, SETTINGS_REST_MS);
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      // Now the Python that was chosen for the workspace may be run.
      if (starter.wasStarted) {
        void starter.restart();
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

/** The settings that a server is started with, to be compared. */
function forServer(): object {
  const now = settings();
  return { ...now, endpoints: [...now.endpoints] };
}

export async function deactivate(): Promise<void> {
  await running?.session.stop();
  running = undefined;
}
