/** What the scripted model answers: a body for each task name that the scenarios write. */

/** A name, and the lines that belong under it, from the column of the task's keys. */
export interface Task {
  readonly name: string;
  readonly body: readonly string[];
}

export const TASKS = {
  apt: { name: 'Fetch the lyrebird', body: ['ansible.builtin.apt:', '  name: lyrebird', '  state: present'] },
  service: { name: 'Keep the otter running', body: ['ansible.builtin.service:', '  name: otter', '  state: started'] },
} as const satisfies Record<string, Task>;

/** YAML for `chiron.models.fake`. Each name is in one file at a time, so a substring of the prompt selects. */
export const SCRIPT = JSON.stringify({
  model: 'scripted',
  rules: Object.values(TASKS).map(({ name, body }) => ({
    match: name,
    text: `${body.join('\n      ')}\n`,
  })),
  default: '',
});
