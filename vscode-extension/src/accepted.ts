/** Where the last accepted suggestion stands, so that a hover there can say where it came from. */

import * as vscode from 'vscode';
import type { Session } from './client.js';
import { whyHover } from './why.js';

interface Mark {
  readonly id: string;
  readonly uri: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

export class LastAccepted implements vscode.HoverProvider, vscode.Disposable {
  private mark: Mark | undefined;
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly session: Session) {
    this.subscriptions = [
      vscode.languages.registerHoverProvider([{ language: 'ansible' }, { language: 'yaml' }], this),
      vscode.workspace.onDidChangeTextDocument((event) => {
        this.follow(event);
      }),
    ];
  }

  get id(): string | undefined {
    return this.mark?.id;
  }

  /** `text` was accepted and begins on `firstLine`. */
  set(id: string, uri: vscode.Uri, firstLine: number, text: string): void {
    const lastLine = firstLine + text.split('\n').length - 1;
    this.mark = { id, uri: uri.toString(), firstLine, lastLine };
  }

  async provideHover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    const mark = this.mark;
    const isThere =
      mark?.uri === document.uri.toString() && position.line >= mark.firstLine && position.line <= mark.lastLine;
    if (!isThere || !this.session.isRunning) {
      return undefined;
    }
    const why = await this.session.why(mark.id).catch(() => null);
    if (!why) {
      return undefined;
    }
    const text = new vscode.MarkdownString(`${whyHover(why)}\n\n[Why this?](command:chiron.why) · [Report](command:chiron.report)`);
    text.isTrusted = { enabledCommands: ['chiron.why', 'chiron.report'] };
    return new vscode.Hover(text);
  }

  dispose(): void {
    vscode.Disposable.from(...this.subscriptions).dispose();
  }

  /** Moves the mark with edits above it and stretches it with edits inside; it goes when its lines go. */
  private follow(event: vscode.TextDocumentChangeEvent): void {
    for (const change of event.contentChanges) {
      const mark = this.mark;
      if (mark?.uri !== event.document.uri.toString()) {
        return;
      }
      const grown = change.text.split('\n').length - 1 - (change.range.end.line - change.range.start.line);
      if (change.range.end.line < mark.firstLine) {
        this.mark = { ...mark, firstLine: mark.firstLine + grown, lastLine: mark.lastLine + grown };
      } else if (change.range.start.line <= mark.lastLine) {
        const lastLine = mark.lastLine + grown;
        this.mark = lastLine < mark.firstLine ? undefined : { ...mark, lastLine };
      }
    }
  }
}
