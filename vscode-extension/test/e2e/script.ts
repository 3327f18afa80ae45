/** What the scripted model answers: a body for each task name that the scenarios write. */

/** A name, and the lines that belong under it, from the column of the task's keys. */
export interface Task {
  readonly name: string;
  readonly body: readonly string[];
}

export const TASKS = {
  apt: { name: 'Fetch the lyrebird', body: ['ansible.builtin.apt:', '  name: lyrebird', '  state: present'] },
  service: { name: 'Keep the otter running', body: ['ansible.builtin.service:', '  name: otter', '  state: started'] },
  /** Asked for while the endpoint is down, so that no answer of it is kept. */
  down: { name: 'Feed the axolotl', body: ['ansible.builtin.apt:', '  name: axolotl', '  state: latest'] },
  /** Asked for when it is back. */
  back: { name: 'Groom the quokka', body: ['ansible.builtin.apt:', '  name: quokka', '  state: absent'] },
} as const satisfies Record<string, Task>;

/** Answers in the scopes other than a task's body; the text begins where the cursor stands. */
export const PLACES = {
  options: { match: 'Weigh the walrus', text: 'name: walrus\n        state: present' },
  list: {
    match: 'hosts: herons',
    /** The model is asked from "- name: " on. */
    text: 'Keep a heron in the pond\n      ansible.builtin.file:\n        path: /pond/heron\n        state: directory',
  },
} as const;

/** YAML for `chiron.models.fake`. Each name is in one file at a time, so a substring of the prompt selects. */
export const SCRIPT = JSON.stringify({
  model: 'scripted',
  rules: [
    ...Object.values(PLACES),
    ...Object.values(TASKS).map(({ name, body }) => ({ match: name, text: `${body.join('\n      ')}\n` })),
  ],
  default: '',
});
