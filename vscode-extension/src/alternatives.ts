/** Several suggestions for one place, side by side: a list, and for each the change it would make. */

import * as vscode from 'vscode';
import type { Session } from './client.js';
import type { Pages } from './pages.js';
import type { Alternative } from './protocol.js';
import { alternativeLine } from './why.js';

interface Choice extends vscode.QuickPickItem {
  readonly alternative: Alternative;
}

/** How many are asked for. */
const N_ALTERNATIVES = 3;

/** Offers alternatives for the cursor's place and applies the one picked. Returns it, or undefined. */
export async function pickAlternative(session: Session, pages: Pages): Promise<Alternative | undefined> {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    void vscode.window.showInformationMessage('Open an Ansible file and put the cursor where a task could stand.');
    return undefined;
  }
  const { document } = editor;
  const position = editor.selection.active;
  const column = editor.viewColumn;
  const version = document.version;
  const answer = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Chiron: looking for alternatives' },
    (_progress, token) => session.suggestAt(session.uriOf(document.uri), position, N_ALTERNATIVES, token),
  );
  if (answer.suggestions.length === 0) {
    const reason = answer.withheld[0];
    const why = reason ? ` ${answer.withheld.length} withheld; the first: ${reason.detail || reason.reason}.` : '';
    void vscode.window.showInformationMessage(`Chiron has nothing to suggest here.${why}`);
    return undefined;
  }
  const picked = await pick(document, answer.suggestions, answer.withheld.length, pages);
  const back = await vscode.window.showTextDocument(document, column === undefined ? {} : { viewColumn: column });
  if (!picked) {
    return undefined;
  }
  if (document.version !== version) {
    void vscode.window.showWarningMessage('The file changed meanwhile, so nothing was inserted. Ask again.');
    return undefined;
  }
  const range = toRange(picked.range);
  await back.edit((edit) => {
    edit.replace(range, picked.text);
  });
  return picked;
}

async function pick(
  document: vscode.TextDocument,
  alternatives: readonly Alternative[],
  nWithheld: number,
  pages: Pages,
): Promise<Alternative | undefined> {
  const list = vscode.window.createQuickPick<Choice>();
  list.title = 'Chiron: alternatives';
  list.placeholder = `Arrow keys show each as a change; Enter inserts it${nWithheld > 0 ? ` (${nWithheld} withheld)` : ''}`;
  list.matchOnDetail = true;
  list.ignoreFocusOut = true;
  list.items = alternatives.map((alternative, at) => ({
    alternative,
    label: `${at + 1}. ${alternative.module ?? 'Alternative'}`,
    description: alternativeLine(alternative),
    detail: alternative.text.trim().split('\n').map((line) => line.trim()).join(' ⏎ '),
  }));
  const shown: vscode.Uri[] = [];
  const show = async (choice: Choice | undefined): Promise<void> => {
    if (!choice) {
      return;
    }
    const at = alternatives.indexOf(choice.alternative) + 1;
    const base = document.uri.path.split('/').at(-1) ?? 'file';
    const after = pages.put(`alternative-${at}/${base}`, applied(document, choice.alternative));
    shown.push(after);
    await vscode.commands.executeCommand('vscode.diff', document.uri, after, `Alternative ${at}: ${base}`, {
      preview: true,
      preserveFocus: true,
      viewColumn: vscode.ViewColumn.Active,
    });
  };
  try {
    return await new Promise<Alternative | undefined>((resolve) => {
      list.onDidChangeActive(([choice]) => void show(choice));
      list.onDidAccept(() => {
        resolve(list.activeItems[0]?.alternative);
      });
      list.onDidHide(() => {
        resolve(undefined);
      });
      list.show();
    });
  } finally {
    list.dispose();
    await closeDiffs(shown);
    shown.forEach((uri) => {
      pages.drop(uri);
    });
  }
}

function applied(document: vscode.TextDocument, alternative: Alternative): string {
  const text = document.getText();
  const range = toRange(alternative.range);
  return text.slice(0, document.offsetAt(range.start)) + alternative.text + text.slice(document.offsetAt(range.end));
}

async function closeDiffs(shown: readonly vscode.Uri[]): Promise<void> {
  const ours = new Set(shown.map((uri) => uri.toString()));
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputTextDiff && ours.has(tab.input.modified.toString()));
  await vscode.window.tabGroups.close(tabs);
}

function toRange(range: Alternative['range']): vscode.Range {
  return new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
}
