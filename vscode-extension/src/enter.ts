/**
 * Enter indents to where the next key belongs, in Ansible files only.
 *
 * For YAML, VS Code keeps the indentation of the line before. Its own Tab does not accept ghost text that begins
 * with as much white space as a tab stop. With the cursor already at the right column it begins with none, so Tab
 * accepts at the first press and needs no binding of ours. Rules belong to a language and not to a file, so they
 * come and go with the active editor; from one Ansible file to the next they stay.
 */

import * as vscode from 'vscode';
import { ENTER_RULES, isAnsible } from './language.js';

const LANGUAGES: readonly string[] = ['yaml', 'ansible'];

export function indentOnEnter(isOn: () => boolean): vscode.Disposable {
  let rules: vscode.Disposable | undefined;
  let ruled: string | undefined;
  const follow = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    // Between two editors there is none for a moment, and in another language the rules say nothing.
    if (!document || !LANGUAGES.includes(document.languageId)) {
      return;
    }
    const wanted = isOn() && isAnsible(document.languageId, document.uri.path, document.getText()) ? document.languageId : undefined;
    if (wanted !== ruled) {
      rules?.dispose();
      rules = wanted === undefined ? undefined : setRules(wanted);
      ruled = wanted;
    }
  };
  follow();
  const subscriptions = [
    vscode.window.onDidChangeActiveTextEditor(follow),
    vscode.workspace.onDidSaveTextDocument(follow),
    vscode.workspace.onDidChangeConfiguration(follow),
    // A new file becomes one of Ansible's by what is written into it.
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (ruled === undefined && document === vscode.window.activeTextEditor?.document) {
        follow();
      }
    }),
  ];
  return new vscode.Disposable(() => {
    vscode.Disposable.from(...subscriptions).dispose();
    rules?.dispose();
  });
}

function setRules(language: string): vscode.Disposable {
  return vscode.languages.setLanguageConfiguration(language, {
    onEnterRules: ENTER_RULES.map(({ after, add }) => ({
      beforeText: after,
      afterText: /^\s*$/,
      action: { indentAction: vscode.IndentAction.None, appendText: add },
    })),
  });
}
