/** Where the person wants no suggestions for now: in single files for this session, or everywhere until resumed. */

import * as vscode from 'vscode';
import type { Session } from './client.js';

const EVERYWHERE = 'paused';

export class Pause {
  private readonly files = new Set<string>();

  constructor(
    private readonly session: Session,
    private readonly memory: vscode.Memento,
    private readonly changed: () => void,
  ) {}

  get everywhere(): boolean {
    return this.memory.get(EVERYWHERE, false);
  }

  /** Whether the active file is paused by itself. */
  get here(): boolean {
    const uri = vscode.window.activeTextEditor?.document.uri;
    return uri !== undefined && this.files.has(uri.toString());
  }

  isPaused(uri: vscode.Uri): boolean {
    return this.everywhere || this.files.has(uri.toString());
  }

  async toggleEverywhere(): Promise<void> {
    await this.memory.update(EVERYWHERE, !this.everywhere);
    this.changed();
    await this.tell(this.everywhere, 'everywhere');
  }

  async toggleHere(): Promise<void> {
    const uri = vscode.window.activeTextEditor?.document.uri;
    if (!uri) {
      return;
    }
    const paused = !this.files.delete(uri.toString());
    if (paused) {
      this.files.add(uri.toString());
    }
    this.changed();
    await this.tell(paused, this.session.uriOf(uri));
  }

  /** Tells a server that has just started what is paused. */
  async renew(): Promise<void> {
    if (this.everywhere) {
      await this.tell(true, 'everywhere');
    }
    for (const file of this.files) {
      await this.tell(true, this.session.uriOf(vscode.Uri.parse(file)));
    }
  }

  private async tell(paused: boolean, scope: string): Promise<void> {
    if (this.session.isRunning) {
      await this.session.pause(paused, scope);
    }
  }
}
