/** What the scripted model answers: a body for each task name that the scenarios write. */

/** A name, and the lines that belong under it, from the column of the task's keys. */
export interface Task {
  readonly name: string;
  readonly body: readonly string[];
}

/** One word for each scenario, so that none recalls what another saved. */
const WORDS = [
  'lyrebird', 'otter', 'axolotl', 'quokka', 'badger', 'heron', 'walrus', 'narwhal', 'tapir',
  'okapi', 'ibex', 'lemur', 'dingo', 'gecko', 'marmot', 'puffin', 'wombat', 'ocelot',
  'tarsier', 'pangolin', 'caracal', 'numbat', 'jerboa', 'kinkajou', 'aardvark', 'binturong', 'capybara',
  'dugong', 'echidna', 'fossa', 'gerenuk', 'hoatzin', 'indri', 'jacana', 'kakapo', 'loris', 'mongoose', 'porcupine', 'squirrel', 'vicuna', 'civet', 'saiga',
] as const;

/** A task whose name says nothing and shares no word, so that nothing but the script can answer it well. */
export function task(word: (typeof WORDS)[number]): Task {
  const name = word.charAt(0).toUpperCase() + word.slice(1);
  return { name, body: ['ansible.builtin.apt:', `  name: ${word}`, '  state: present'] };
}

/** One that the model takes its time for. */
export const SLOW = task('dugong');
const SLOW_MS = 2500;

/** Answers in the scopes other than a task's body; the text begins where the cursor stands. */
export const PLACES = {
  options: { match: 'Weigh the walrus', text: 'name: walrus\n        state: present' },
  list: {
    match: 'hosts: herons',
    /** The model is asked from "- name: " on. */
    text: 'Keep a heron in the pond\n      ansible.builtin.file:\n        path: /pond/heron\n        state: directory',
  },
} as const;

/** Tasks for measuring, each asked for once. */
export const MEASURED: readonly Task[] = Array.from({ length: 16 }, (_, n) => ({
  name: `Creature${String.fromCharCode(97 + n)}`,
  body: ['ansible.builtin.apt:', `  name: creature${n + 1}`, '  state: present'],
}));

/** What a model is asked from the light-bulb. */
export const BULB = {
  name: { regex: 'gerbil[\\s\\S]*name:$', text: ' Create the gerbil user' },
  replace: { match: 'Fetch the stoat page', text: 'ansible.builtin.uri:\n        url: http://localhost:8080/stoat' },
  explain: { regex: 'Explain[\\s\\S]*squirrel', text: 'It installs the squirrel. It changes something where there is none.' },
  rescue: {
    regex: '`rescue`[\\s\\S]*weasel',
    text: `- name: Feed the weasel
  block:
    - name: Feed the weasel
      ansible.builtin.command: /opt/weasel/feed
  rescue:
    - name: Say that the weasel is hungry
      ansible.builtin.fail:
        msg: The weasel was not fed`,
  },
} as const;

/** What the pictures show. */
export const PICTURE = {
  match: 'Write the nginx configuration',
  text: 'ansible.builtin.template:\n    src: nginx.conf.j2\n    dest: /etc/nginx/nginx.conf\n    mode: "0644"\n  notify: Restart nginx',
};

/** YAML for `chiron.models.fake`, where `key` must be shown if there is one. */
export function script(key?: string): string {
  return JSON.stringify({
    model: 'scripted',
    ...(key === undefined ? {} : { api_key: key }),
    rules: [
      PICTURE,
      ...Object.values(PLACES),
      ...Object.values(BULB),
      ...[...WORDS.map(task), ...MEASURED].map(({ name, body }) => ({
        // The last name in the prompt: tasks that were recalled as examples stand before it.
        regex: `- name: ${name}(?:(?!- name:)[\\s\\S])*\\Z`,
        text: `${body.join('\n      ')}\n`,
        ...(name === SLOW.name ? { delay_ms: SLOW_MS } : {}),
      })),
    ],
    default: '',
  });
}
