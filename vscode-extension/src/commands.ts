/** One function a command. What a command needs is in `Parts`; nothing is looked up elsewhere. */

import * as vscode from 'vscode';
import type { LastAccepted } from './accepted.js';
import { pickAlternative } from './alternatives.js';
import type { Session } from './client.js';
import { readSettings, secretName } from './config.js';
import type { OfferTracker } from './feedback.js';
import { LABELS } from './labels.js';
import type { Pages } from './pages.js';
import type { Pause } from './pause.js';
import { ACCEPTED_COMMAND, EXPLAIN_COMMAND, suggestionIdOf } from './protocol.js';
import { sentPage, whyPage } from './why.js';
import { statusWords } from './words.js';

export interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly tracker: OfferTracker;
  readonly pages: Pages;
  readonly pause: Pause;
  readonly lastAccepted: LastAccepted;
  readonly log: vscode.LogOutputChannel;
  /** What went to the editor last: which text an id stands for, and where it begins. */
  readonly offers: RecentOffers;
  /** Starts the server, or stops and starts it. */
  readonly restart: () => Promise<void>;
  /** Adds the model that runs on this machine to the private environment. */
  readonly installModel: () => Promise<void>;
}

export interface RecentOffer {
  readonly id: string;
  readonly text: string;
  readonly line: number;
}

/** The offers of the last little while, newest last. */
export class RecentOffers {
  private offers: readonly RecentOffer[] = [];

  add(offers: readonly RecentOffer[]): void {
    const ids = new Set(offers.map((offer) => offer.id));
    // The first of one answer is what the editor draws, so it counts as the newest.
    this.offers = [...this.offers.filter((offer) => !ids.has(offer.id)), ...[...offers].reverse()].slice(-64);
  }

  find(id: string): RecentOffer | undefined {
    return this.offers.find((offer) => offer.id === id);
  }

  get last(): RecentOffer | undefined {
    return this.offers.at(-1);
  }
}

export function registerCommands(parts: Parts): vscode.Disposable[] {
  const commands: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
    [ACCEPTED_COMMAND]: (argument) => {
      accepted(parts, argument);
    },
    'chiron.reject': () => reject(parts),
    'chiron.suggest': () => suggest(parts),
    'chiron.alternatives': () => alternatives(parts),
    'chiron.explainHere': explainHere,
    'chiron.why': () => why(parts),
    'chiron.sent': () => sent(parts),
    'chiron.report': () => report(parts),
    'chiron.review': () => review(parts),
    'chiron.restart': () => parts.restart(),
    'chiron.showLog': () => {
      parts.log.show();
    },
    'chiron.pauseHere': () => parts.pause.toggleHere(),
    'chiron.pauseEverywhere': () => parts.pause.toggleEverywhere(),
    'chiron.switchModel': () => switchModel(parts),
    'chiron.installModel': () => parts.installModel(),
    'chiron.setKey': () => setKey(parts),
    'chiron.removeKey': () => removeKey(parts),
    'chiron.menu': () => menu(parts),
    'chiron.walkthrough': () => walkthrough(parts),
  };
  return Object.entries(commands).map(([name, run]) =>
    vscode.commands.registerCommand(name, async (...args: unknown[]) => {
      try {
        await run(...args);
      } catch (error) {
        parts.log.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        void vscode.window.showErrorMessage(`Chiron: ${error instanceof Error ? error.message : String(error)}`);
      }
    }),
  );
}

function accepted(parts: Parts, argument: unknown): void {
  const id = suggestionIdOf({ command: ACCEPTED_COMMAND, arguments: [argument] });
  if (id === undefined) {
    return;
  }
  const document = vscode.window.activeTextEditor?.document;
  parts.tracker.accepted(id, document ? parts.session.uriOf(document.uri) : undefined);
  const offer = parts.offers.find(id);
  if (offer && document) {
    parts.lastAccepted.set(id, document.uri, offer.line, offer.text);
  }
}

async function reject(parts: Parts): Promise<void> {
  parts.tracker.rejected();
  await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
}

async function suggest(parts: Parts): Promise<void> {
  if (!parts.session.isRunning) {
    await parts.restart();
  }
  await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
}

async function alternatives(parts: Parts): Promise<void> {
  if (!parts.session.isRunning) {
    await parts.restart();
  }
  parts.tracker.end();
  await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
  const picked = await pickAlternative(parts.session, parts.pages);
  if (picked) {
    parts.offers.add([{ id: picked.id, text: picked.text, line: picked.range.start.line }]);
    accepted(parts, { suggestionId: picked.id });
  }
}

/** Explains what the cursor is on, which the server offers among what the light-bulb shows. */
async function explainHere(): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const offered = editor
    ? await vscode.commands.executeCommand<(vscode.Command | vscode.CodeAction)[]>(
        'vscode.executeCodeActionProvider',
        editor.document.uri,
        editor.selection,
      )
    : [];
  const explaining = offered.flatMap((one) => {
    const command = typeof one.command === 'object' ? one.command : 'arguments' in one ? one : undefined;
    return command?.command === EXPLAIN_COMMAND ? [command] : [];
  });
  if (explaining.length === 0) {
    void vscode.window.showInformationMessage('There is nothing to explain here, or the model in use cannot chat, which explaining needs.');
    return;
  }
  const entries = explaining.map((command) => ({ label: command.title.replace('Chiron: ', ''), command }));
  const picked = entries.length > 1 ? await vscode.window.showQuickPick(entries, { title: 'Chiron: explain' }) : entries[0];
  if (picked) {
    await vscode.commands.executeCommand(picked.command.command, ...((picked.command.arguments ?? []) as unknown[]));
  }
}

async function why(parts: Parts): Promise<void> {
  const found = await parts.session.why(parts.lastAccepted.id);
  if (!found) {
    void vscode.window.showInformationMessage('No suggestion was accepted yet.');
    return;
  }
  await parts.pages.read('Why this', whyPage(found));
}

async function sent(parts: Parts): Promise<void> {
  const last = parts.offers.last;
  await parts.pages.read('What was sent last', sentPage(last ? await parts.session.why(last.id) : null));
}

/** One key picks a reason for what was offered or accepted last. */
async function report(parts: Parts): Promise<void> {
  const id = parts.tracker.current ?? parts.lastAccepted.id ?? parts.offers.last?.id;
  if (id === undefined) {
    void vscode.window.showInformationMessage('Nothing was suggested yet that could be reported.');
    return;
  }
  const chosen = await pickLabel(parts.offers.find(id)?.text);
  if (chosen !== undefined) {
    parts.session.report(id, chosen, '');
    vscode.window.setStatusBarMessage('Chiron: noted. It stays on this machine.', 4000);
  }
}

function pickLabel(text: string | undefined): Promise<string | undefined> {
  const list = vscode.window.createQuickPick<vscode.QuickPickItem & { code: string }>();
  list.title = `Chiron: what is wrong with ${text === undefined ? 'it' : `“${briefly(text)}”`}?`;
  list.placeholder = 'Press a letter';
  list.items = LABELS.map(({ key, label, words, meaning }) => ({
    label: `${key}  ${words}`,
    description: meaning,
    code: label,
    alwaysShow: true,
  }));
  return new Promise((resolve) => {
    list.onDidChangeValue((value) => {
      const byKey = LABELS.find(({ key }) => key === value.trim().toLowerCase());
      if (byKey) {
        resolve(byKey.label);
        list.hide();
      }
    });
    list.onDidAccept(() => {
      resolve(list.activeItems[0]?.code);
      list.hide();
    });
    list.onDidHide(() => {
      resolve(undefined);
      list.dispose();
    });
    list.show();
  });
}

/** The first line of a suggestion, short enough for a title. */
function briefly(text: string): string {
  const line = (text.trim().split('\n')[0] ?? '').replace(/^- (name: *)?/, '');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

async function review(parts: Parts): Promise<void> {
  const [program, ...args] = (await parts.session.info()).reviewCommand ?? [];
  if (program === undefined) {
    throw new Error('This server has no review of its log.');
  }
  const task = new vscode.Task(
    { type: 'process' },
    vscode.TaskScope.Workspace,
    'Review feedback',
    'Chiron',
    new vscode.ProcessExecution(program, args),
  );
  task.presentationOptions = { clear: true, showReuseMessage: false };
  await vscode.tasks.executeTask(task);
}

async function switchModel(parts: Parts): Promise<void> {
  const models = await parts.session.models();
  const picked = await vscode.window.showQuickPick(
    models.map(({ name, model, endpoint, leavesMachine, active }) => ({
      label: active ? `$(check) ${name}` : name,
      description: [model, active ? 'in use' : ''].filter(Boolean).join(', '),
      detail: leavesMachine ? `Text is sent to ${endpoint ?? 'another machine'}` : 'Text stays on this machine',
      name,
    })),
    { title: 'Chiron: model', placeHolder: 'More can be added under chiron.endpoints in the user settings' },
  );
  if (picked) {
    parts.session.show(await parts.session.useModel(picked.name));
  }
}

async function setKey(parts: Parts): Promise<void> {
  const name = await pickEndpoint('Chiron: endpoint that the key is for');
  const key = name && (await vscode.window.showInputBox({ title: `Key for ${name}`, password: true, ignoreFocusOut: true }));
  if (name && key) {
    await parts.context.secrets.store(secretName(name), key);
    await parts.restart();
  }
}

async function removeKey(parts: Parts): Promise<void> {
  const name = await pickEndpoint('Chiron: endpoint whose key is removed');
  if (name) {
    await parts.context.secrets.delete(secretName(name));
    await parts.restart();
  }
}

async function pickEndpoint(title: string): Promise<string | undefined> {
  const names = [...readSettings(vscode.workspace.getConfiguration('chiron')).endpoints.keys()];
  if (names.length === 0) {
    throw new Error('There is no endpoint yet. Add one under chiron.endpoints in the user settings.');
  }
  return vscode.window.showQuickPick(names, { title });
}

async function menu(parts: Parts): Promise<void> {
  const { here, everywhere } = parts.pause;
  const entries: (vscode.QuickPickItem & { command?: string })[] = [
    { label: '$(lightbulb) Suggest now', command: 'chiron.suggest' },
    { label: '$(split-horizontal) Alternatives side by side', command: 'chiron.alternatives' },
    { label: '$(comment) Explain', description: 'what the cursor is on', command: 'chiron.explainHere' },
    { label: '$(question) Why this?', description: 'the last accepted suggestion', command: 'chiron.why' },
    { label: '$(report) Report a bad suggestion', command: 'chiron.report' },
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: here ? '$(debug-start) Resume in this file' : '$(debug-pause) Pause in this file', command: 'chiron.pauseHere' },
    {
      label: everywhere ? '$(debug-start) Resume everywhere' : '$(debug-pause) Pause everywhere',
      command: 'chiron.pauseEverywhere',
    },
    { label: '$(arrow-swap) Switch model', command: 'chiron.switchModel' },
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(arrow-up) What was sent last', command: 'chiron.sent' },
    { label: '$(checklist) Open feedback', command: 'chiron.review' },
    { label: '$(output) Open log', command: 'chiron.showLog' },
    { label: '$(debug-restart) Restart server', command: 'chiron.restart' },
  ];
  const placeHolder = statusWords(parts.session.status, here || everywhere).spoken;
  const picked = await vscode.window.showQuickPick(entries, { title: 'Chiron', placeHolder });
  if (picked?.command) {
    await vscode.commands.executeCommand(picked.command);
  }
}

async function walkthrough(parts: Parts): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openWalkthrough', `${parts.context.extension.id}#chiron.start`, false);
}
