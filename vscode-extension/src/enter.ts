/**
 * Enter indents to where the next key belongs, in Ansible files only.
 *
 * For YAML, VS Code keeps the indentation of the line before. Its own Tab does not accept ghost text that begins with as much white space as a tab stop. With the
 * cursor already at the right column it begins with none, so Tab accepts at the first press and needs no
 * binding of ours. Rules belong to a language and not to a file, so they come and go with the active editor.
 */

import * as vscode from 'vscode';
import { ENTER_RULES, isAnsible } from './language.js';

export function indentOnEnter(isOn: () => boolean): vscode.Disposable {
  let rules: vscode.Disposable | undefined;
  const follow = (editor: vscode.TextEditor | undefined): void => {
    rules?.dispose();
    rules = undefined;
    const document = editor?.document;
    if (document && isOn() && isAnsible(document.languageId, document.uri.path, document.getText())) {
      rules = vscode.languages.setLanguageConfiguration(document.languageId, {
        onEnterRules: ENTER_RULES.map(({ after, add }) => ({
          beforeText: after,
          afterText: /^\s*$/,
          action: { indentAction: vscode.IndentAction.None, appendText: add },
        })),
      });
    }
  };
  follow(vscode.window.activeTextEditor);
  const listener = vscode.window.onDidChangeActiveTextEditor(follow);
  const saved = vscode.workspace.onDidSaveTextDocument(() => {
    follow(vscode.window.activeTextEditor);
  });
  return new vscode.Disposable(() => {
    listener.dispose();
    saved.dispose();
    rules?.dispose();
  });
}
