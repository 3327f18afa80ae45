/**
 * Turns off what code-server turns on: proposed API for every extension.
 *
 * A published extension has none, so a test that runs with it proves nothing. The built files are matched by
 * the names of proposals, which survive minification; where a place is not found, the run stops. Whether it
 * worked is then seen from inside: the stand-in extension tries a proposed API and must be refused.
 */

import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BUILT = [
  'out/vs/workbench/api/node/extensionHostProcess.js',
  'out/vs/workbench/api/worker/extensionHostWorkerMain.js',
  'out/vs/code/browser/workbench/workbench.js',
];

/** Makes the build in `vscode` refuse proposed API to extensions. It may be called again. */
export function forbidProposedApi(vscode: string): void {
  for (const name of BUILT) {
    const path = join(vscode, name);
    const original = `${path}.orig`;
    if (!existsSync(original)) {
      copyFileSync(path, original);
    }
    const built = readFileSync(original, 'utf8');
    writeFileSync(path, refuse(built, name));
  }
}

function refuse(built: string, name: string): string {
  // Every check of a proposal calls one function with the extension and the proposal's name.
  const callers = [
    ...built.matchAll(/([A-Za-z_$][\w$]*)\((?:this\.[\w$]+|[\w$]+),"inlineCompletionsAdditions"\)/g),
    ...built.matchAll(/if\(!([\w$]+)\([\w$]+,[\w$]+\)\)throw new Error\(`Extension '/g),
  ].map((match) => match[1] ?? '');
  let nChanged = 0;
  for (const checker of new Set(callers)) {
    const always = new RegExp(`function ${checker.replaceAll('$', '\\$')}\\(([\\w$]+),([\\w$]+)\\)\\{return!0\\}`, 'g');
    built = built.replace(always, (_whole, extension: string, proposal: string) => {
      nChanged += 1;
      const allowed = `${extension}.enabledApiProposals`;
      return `function ${checker}(${extension},${proposal}){return !!(${allowed}&&${allowed}.includes(${proposal}))}`;
    });
  }
  if (nChanged === 0) {
    throw new Error(`${name}: the check of proposed API was not found in this build`);
  }
  if (!name.endsWith('workbench.js')) {
    return built;
  }
  // The workbench keeps a switch that leaves declared proposals standing for every extension.
  const switches =
    /(_envEnablesProposedApiForAll=|extensionEnabledProposedApi\?\?\[\]\)\.map\([^)]*=>[^)]*\)\)\)?,this\.[\w$]+=)!0/;
  if (!switches.test(built)) {
    throw new Error(`${name}: the switch that allows proposed API to all was not found in this build`);
  }
  return built.replace(switches, '$1!1');
}
