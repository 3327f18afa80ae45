/** Pages to read: Markdown that Chiron writes, shown in VS Code's own preview, and texts to compare. */

import * as vscode from 'vscode';

export const PAGE_SCHEME = 'chiron';

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly opening = new Set<string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(PAGE_SCHEME, this);

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? '';
  }

  /** The URI under which `text` can be opened. Texts of the same name replace each other. */
  put(name: string, text: string): vscode.Uri {
    const uri = vscode.Uri.from({ scheme: PAGE_SCHEME, path: `/${name}` });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    return uri;
  }

  drop(uri: vscode.Uri): void {
    this.texts.delete(uri.path);
  }

  /** Shows Markdown beside the editor, leaving the cursor where it is. */
  async read(name: string, markdown: string): Promise<void> {
    const uri = this.put(`${name}.md`, markdown);
    await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
  }

  /** Shows Markdown that is still being written: the page is opened once, and follows. */
  async follow(name: string, markdown: string): Promise<void> {
    const uri = this.put(`${name}.md`, markdown);
    // What comes while it is being opened is put, and shown with it.
    if (!this.opening.has(uri.path) && !isShown(name)) {
      this.opening.add(uri.path);
      try {
        // The editor drops what is told of a document that it is only just opening.
        const document = await vscode.workspace.openTextDocument(uri);
        if (document.getText() !== this.texts.get(uri.path)) {
          this.changed.fire(uri);
        }
        await vscode.commands.executeCommand('markdown.showPreviewToSide', uri);
      } finally {
        this.opening.delete(uri.path);
      }
    }
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

/** Whether a preview of the page is open in some tab. */
function isShown(name: string): boolean {
  return vscode.window.tabGroups.all.some((group) => group.tabs.some((tab) => tab.label.includes(name)));
}
