/**
 * Which files are Ansible's, as far as the extension must know.
 *
 * The server decides what gets suggestions; here it is only decided whether to start it at all, and whether
 * Enter indents under a name. So a wrong yes costs a process and a wrong no costs the first suggestion.
 * Nothing here imports `vscode`.
 */

const TASK_FOLDERS = /(^|\/)(tasks|handlers|playbooks|roles)\/.*\.ya?ml$/i;
const PLAYBOOK_NAMES = /(^|\/)(site|playbook|.*[-_.]playbook|playbook[-_.].*)\.ya?ml$/i;
const VARS_AND_KIN =
  /(^|\/)(vars|defaults|meta|group_vars|host_vars|templates|files|molecule\/[^/]+\/molecule\.ya?ml)(\/|$)|(^|\/)(galaxy|requirements|docker-compose|compose|mkdocs)\.ya?ml$|(^|\/)\.(github|gitlab|circleci|pre-commit)[^/]*(\/|$)/i;
const PLAY = /^\s*-\s+(hosts|ansible\.builtin\.import_playbook|import_playbook):/m;
const TASK_KEYWORD =
  /^\s+(become|become_user|notify|register|changed_when|failed_when|loop|with_items|ansible\.builtin\.\w+|community\.\w+\.\w+|gather_facts):/m;
const NAMED_ENTRY = /^\s*-\s+name:\s/m;

/** How much of a file is looked at. Plays and tasks say what they are early. */
const LOOK_AT = 20_000;

/** Whether a document can hold tasks: by its language, else by its path, else by what stands in it. */
export function isAnsible(language: string, path: string, text: string): boolean {
  if (language === 'ansible') {
    return true;
  }
  if (language !== 'yaml') {
    return false;
  }
  const unix = path.replaceAll('\\', '/');
  if (VARS_AND_KIN.test(unix) || text.startsWith('$ANSIBLE_VAULT;')) {
    return false;
  }
  const head = text.slice(0, LOOK_AT);
  if (TASK_FOLDERS.test(unix) || PLAYBOOK_NAMES.test(unix) || PLAY.test(head)) {
    return true;
  }
  return NAMED_ENTRY.test(head) && TASK_KEYWORD.test(head);
}

const NO_VALUE = String.raw`[\w.]+:\s*([|>][-+\d]*)?\s*$`;

/** What Enter adds to a line's own indentation, by the line before the cursor. The first that fits counts. */
export const ENTER_RULES: readonly { readonly after: RegExp; readonly add: string }[] = [
  // The keys of a task or play stand two columns in from its dash.
  { after: /^\s*- (name|hosts|import_playbook|ansible\.builtin\.import_playbook):\s+[^\s|>].*$/, add: '  ' },
  // What a key without a value holds stands two columns in from the key.
  { after: new RegExp(String.raw`^\s*- ${NO_VALUE}`), add: '    ' },
  { after: new RegExp(String.raw`^\s*${NO_VALUE}`), add: '  ' },
];

/** What Enter adds after `line`, or nothing. */
export function indentAfter(line: string): string {
  return ENTER_RULES.find(({ after }) => after.test(line))?.add ?? '';
}
