/**
 * Enter after a task's name indents to the task's keys, in Ansible files only.
 *
 * VS Code's own Tab does not accept ghost text that begins with as much white space as a tab stop. With the
 * cursor already at the right column it begins with none, so Tab accepts at the first press and needs no
 * binding of ours. Rules belong to a language and not to a file, so they come and go with the active editor.
 */

import * as vscode from 'vscode';
import { isAnsible, NAME_LINE } from './language.js';

export function indentOnEnter(isOn: () => boolean): vscode.Disposable {
  let rules: vscode.Disposable | undefined;
  const follow = (editor: vscode.TextEditor | undefined): void => {
    rules?.dispose();
    rules = undefined;
    const document = editor?.document;
    if (document && isOn() && isAnsible(document.languageId, document.uri.path, document.getText())) {
      rules = vscode.languages.setLanguageConfiguration(document.languageId, {
        onEnterRules: [
          {
            beforeText: NAME_LINE,
            afterText: /^\s*$/,
            action: { indentAction: vscode.IndentAction.None, appendText: '  ' },
          },
        ],
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
