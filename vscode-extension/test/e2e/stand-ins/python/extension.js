/**
 * A stand-in for the Python extension, with as much of its API as tells which interpreter is chosen. The
 * choice is what stands in the file that `CHIRON_E2E_CHOICE` names.
 */

const { readFileSync, watchFile } = require('node:fs');
const vscode = require('vscode');

exports.activate = () => {
  const file = process.env['CHIRON_E2E_CHOICE'] ?? '';
  const changed = new vscode.EventEmitter();
  watchFile(file, { interval: 200 }, () => {
    changed.fire(undefined);
  });
  return {
    environments: {
      getActiveEnvironmentPath: () => ({ path: readFileSync(file, 'utf8').trim() }),
      resolveEnvironment: (/** @type {{ path: string }} */ { path }) =>
        Promise.resolve({ executable: { uri: vscode.Uri.file(path) } }),
      onDidChangeActiveEnvironmentPath: changed.event,
    },
  };
};
