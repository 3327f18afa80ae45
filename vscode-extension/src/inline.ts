/** Inline completions on their way from the server to the editor, and the tracker's view of them. */

import * as vscode from 'vscode';
import type { Again } from './again.js';
import type { Middleware } from 'vscode-languageclient/node';
import type { Session } from './client.js';
import type { RecentOffers } from './commands.js';
import { type Offered, OfferTracker } from './feedback.js';
import type { Pause } from './pause.js';
import { type SuggestionEvent, suggestionIdOf } from './protocol.js';
import type { Thinking } from './thinking.js';

/** Context key that is true while a suggestion of ours is on offer. */
export const PENDING = 'chiron.suggestionPending';

export interface InlineParts {
  readonly tracker: OfferTracker;
  readonly offers: RecentOffers;
  readonly session: () => Session;
  readonly pause: () => Pause;
  readonly automatic: () => boolean;
  readonly again: Again;
  readonly thinking: Thinking;
}

/** Asks the server unless the person wants quiet, and notes what it offers. */
export function inlineMiddleware(parts: InlineParts): Middleware {
  return {
    provideInlineCompletionItems: async (document, position, context, token, next) => {
      const { Automatic } = vscode.InlineCompletionTriggerKind;
      const triggerKind = parts.again.kind(context.triggerKind, Automatic);
      const uninvited = triggerKind === Automatic && !parts.automatic();
      if (uninvited || parts.pause().isPaused(document.uri)) {
        return null;
      }
      const version = document.version;
      const place = { uri: document.uri.toString(), position, version };
      const isWanted = (): boolean => !token.isCancellationRequested && document.version === version;
      let answer: Awaited<ReturnType<typeof next>>;
      try {
        answer = await parts.thinking.during(async () => next(document, position, { ...context, triggerKind }, token));
      } catch (error) {
        if (isWanted()) {
          // The server died over it: the next one is asked.
          parts.again.typed(place);
        }
        throw error;
      }
      if (isWanted()) {
        const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
        parts.again.answered(place, items.length, parts.session().status.state === 'ready');
        note(parts, document, position, items);
      }
      return answer;
    },
  };
}

function note(
  parts: InlineParts,
  document: vscode.TextDocument,
  position: vscode.Position,
  items: readonly vscode.InlineCompletionItem[],
): void {
  const offered: Offered[] = items.flatMap((item) => {
    const id = suggestionIdOf(item.command);
    const text = typeof item.insertText === 'string' ? item.insertText : item.insertText.value;
    return id === undefined ? [] : [{ id, text, start: item.range?.start ?? position }];
  });
  const before = document.lineAt(position.line).text.slice(0, position.character);
  parts.offers.add(offered.map(({ id, text, start }) => ({ id, text, line: start.line })));
  parts.tracker.offered(parts.session().uriOf(document.uri), position, before, offered);
}

/** A tracker that tells the session, and the subscriptions that feed it. */
export function trackEditors(session: () => Session): { tracker: OfferTracker; subscriptions: vscode.Disposable[] } {
  const tracker = new OfferTracker({
    send: (event: SuggestionEvent) => {
      session().tell(event);
    },
    pending: (isPending) => void vscode.commands.executeCommand('setContext', PENDING, isPending),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  });
  const uriOf = (document: vscode.TextDocument): string => session().uriOf(document.uri);
  const subscriptions = [
    vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.contentChanges.length > 0) {
        tracker.changed(uriOf(event.document), event.contentChanges);
      }
    }),
    vscode.window.onDidChangeTextEditorSelection(({ textEditor, selections, kind }) => {
      const [only] = selections;
      const cursor = selections.length === 1 && only?.isEmpty === true ? only.active : undefined;
      tracker.selected(uriOf(textEditor.document), cursor, kind !== undefined);
    }),
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      tracker.activated(editor && uriOf(editor.document));
    }),
    vscode.workspace.onDidCloseTextDocument((document) => {
      if (uriOf(document) === tracker.uri) {
        tracker.activated(undefined);
      }
    }),
  ];
  return { tracker, subscriptions };
}
