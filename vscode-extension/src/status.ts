/** The status bar item: what Chiron does now, with which model, and whether text leaves this machine. */

import * as vscode from 'vscode';
import { type ShownStatus, statusWords } from './words.js';

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('chiron.status', vscode.StatusBarAlignment.Right, 90);

  constructor() {
    this.item.name = 'Chiron';
    this.item.command = 'chiron.menu';
  }

  update(status: ShownStatus, pausedHere: boolean): void {
    const words = statusWords(status, pausedHere);
    this.item.text = words.text;
    this.item.tooltip = new vscode.MarkdownString(`${words.tooltip}\n\nClick for the menu.`);
    this.item.accessibilityInformation = { label: words.spoken, role: 'button' };
    this.item.backgroundColor =
      status.state === 'problem' ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.show();
  }

  hide(): void {
    this.item.hide();
  }

  dispose(): void {
    this.item.dispose();
  }
}
