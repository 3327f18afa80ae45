/**
 * A stand-in for Red Hat's Ansible extension, under its name: the language, the keys and the commands that it
 * registers, and a problem such as ansible-lint reports. What it does not do is suggest.
 */

const vscode = require('vscode');

/** @param {vscode.ExtensionContext} context */
exports.activate = (context) => {
  const problems = vscode.languages.createDiagnosticCollection('stand-in');
  /** @param {vscode.TextDocument} document */
  const check = (document) => {
    const at = document.languageId === 'ansible' ? document.getText().indexOf('dset:') : -1;
    const range = new vscode.Range(document.positionAt(at), document.positionAt(at + 4));
    problems.set(document.uri, at < 0 ? [] : [new vscode.Diagnostic(range, 'Unsupported parameter: dset')]);
  };
  vscode.workspace.textDocuments.forEach(check);
  /** @param {string} command */
  const runs = (command) => () => vscode.commands.executeCommand(command);
  context.subscriptions.push(
    problems,
    vscode.workspace.onDidOpenTextDocument(check),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      check(document);
    }),
    vscode.commands.registerCommand('ansible.lightspeed.inlineSuggest.accept', runs('editor.action.inlineSuggest.commit')),
    vscode.commands.registerCommand('ansible.lightspeed.inlineSuggest.hide', runs('editor.action.inlineSuggest.hide')),
    vscode.commands.registerCommand('ansible.lightspeed.inlineSuggest.trigger', runs('editor.action.inlineSuggest.trigger')),
  );
};
