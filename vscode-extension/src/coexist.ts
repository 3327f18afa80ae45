/**
 * Next to Red Hat's Ansible extension, what both would report is left to that one.
 *
 * It checks documents of language `ansible` only, so in others Chiron goes on saying everything. Who sets
 * `chiron.diagnostics.quiet`, to whatever it be, has decided, and nothing is left out here.
 */

import * as vscode from 'vscode';
import type { Middleware } from 'vscode-languageclient/node';
import { isRecord } from './protocol.js';

const REDHAT = 'redhat.ansible';

export const leaveToLint: NonNullable<Middleware['handleDiagnostics']> = (uri, diagnostics, next) => {
  next(uri, isLinted(uri) ? diagnostics.filter((problem) => !isToldByLint(problem)) : diagnostics);
};

function isLinted(uri: vscode.Uri): boolean {
  const document = vscode.workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  if (document?.languageId !== 'ansible' || !vscode.extensions.getExtension(REDHAT)) {
    return false;
  }
  const theirs = vscode.workspace.getConfiguration('ansible.validation', uri);
  const set = vscode.workspace.getConfiguration('chiron', uri).inspect('diagnostics.quiet');
  const quiet = set?.workspaceFolderValue ?? set?.workspaceValue ?? set?.globalValue;
  return typeof quiet !== 'boolean' && theirs.get<boolean>('enabled', true) && theirs.get<boolean>('lint.enabled', true);
}

/** The server marks what a linter reports too. */
function isToldByLint(problem: vscode.Diagnostic): boolean {
  const data: unknown = 'data' in problem ? problem.data : undefined;
  return isRecord(data) && data['lint'] === true;
}
