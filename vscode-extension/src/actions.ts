/**
 * How it is known that an edit from the light-bulb was made.
 *
 * An action's command tells so. VS Code drops the arguments of an action's command with the list that the
 * action was in, which is when the next list is made, and that happens while a preview stands open. A command
 * without arguments outlives its list, so each edit gets a command of its own.
 */

import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import { ACCEPTED_COMMAND, suggestionIdOf } from './protocol.js';

/** How many edits that were looked at may still be made. */
const REMEMBERED = 32;

export class OfferedEdits implements vscode.Disposable {
  private readonly commands = new Map<string, vscode.Disposable>();

  readonly resolveCodeAction: NonNullable<Middleware['resolveCodeAction']> = async (item, token, next) => {
    const action = await next(item, token);
    const id = suggestionIdOf(action?.command);
    if (action?.command && id !== undefined) {
      action.command = { title: action.command.title, command: this.commandFor(id) };
    }
    return action;
  };

  dispose(): void {
    vscode.Disposable.from(...this.commands.values()).dispose();
    this.commands.clear();
  }

  private commandFor(suggestionId: string): string {
    const command = `${ACCEPTED_COMMAND}.${suggestionId}`;
    if (!this.commands.has(command)) {
      this.commands.set(
        command,
        vscode.commands.registerCommand(command, () => vscode.commands.executeCommand(ACCEPTED_COMMAND, { suggestionId })),
      );
    }
    const [oldest] = this.commands;
    if (oldest && this.commands.size > REMEMBERED) {
      oldest[1].dispose();
      this.commands.delete(oldest[0]);
    }
    return command;
  }
}
