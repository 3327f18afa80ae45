/**
 * A stand-in for other assistants that a person may have: it offers ghost text of its own in files whose name
 * begins with `rival`, and entries for the list in files whose name begins with `widget`.
 *
 * It also tries an API that is proposed only, and writes what came of it to `CHIRON_E2E_PROBE`.
 */

const { writeFileSync } = require('node:fs');
const vscode = require('vscode');

/** @param {vscode.ExtensionContext} context */
exports.activate = (context) => {
  const selector = [{ pattern: '**/rival*.yml' }];
  /** @type {vscode.InlineCompletionItemProvider} */
  const provider = {
    provideInlineCompletionItems: (document, position) => {
      const line = document.lineAt(position.line).text;
      const text = line.endsWith('rival: ') ? 'rival suggestion' : /name: \w+$/.test(line) ? ' as the rival would' : '';
      return text === '' ? [] : [new vscode.InlineCompletionItem(text, new vscode.Range(position, position))];
    },
  };
  context.subscriptions.push(vscode.languages.registerInlineCompletionItemProvider(selector, provider));
  const entries = {
    provideCompletionItems: () => [new vscode.CompletionItem('widget_entry', vscode.CompletionItemKind.Text)],
  };
  context.subscriptions.push(vscode.languages.registerCompletionItemProvider([{ pattern: '**/widget*.yml' }], entries));
  let outcome = 'allowed';
  try {
    const proposed = { ...provider, handleDidShowCompletionItem: () => undefined };
    vscode.languages.registerInlineCompletionItemProvider({ pattern: '**/probe' }, proposed).dispose();
  } catch {
    outcome = 'refused';
  }
  const probe = process.env['CHIRON_E2E_PROBE'];
  if (probe) {
    writeFileSync(probe, outcome);
  }
};
