/** What the status bar says. Nothing here imports `vscode`. */

import type { Status } from './protocol.js';

/** What the person is shown: the server's own states, that one waits for it, and those it cannot tell itself. */
export type ShownStatus = Omit<Status, 'state'> & {
  readonly state: Status['state'] | 'thinking' | 'off' | 'starting' | 'installing';
};

export interface StatusWords {
  readonly text: string;
  readonly tooltip: string;
  /** What a screen reader says; no icon carries meaning alone. */
  readonly spoken: string;
}

const STATES: Readonly<Record<ShownStatus['state'], { icon: string; word: string }>> = {
  off: { icon: '$(circle-slash)', word: 'off' },
  installing: { icon: '$(cloud-download)', word: 'installing' },
  starting: { icon: '$(loading~spin)', word: 'starting' },
  ready: { icon: '$(check)', word: 'ready' },
  thinking: { icon: '$(loading~spin)', word: 'thinking' },
  paused: { icon: '$(debug-pause)', word: 'paused' },
  problem: { icon: '$(warning)', word: 'problem' },
};

/** `status` in words. `pausedHere` is about the file that is being edited. */
export function statusWords(status: ShownStatus, pausedHere: boolean): StatusWords {
  const state = pausedHere && (status.state === 'ready' || status.state === 'thinking') ? 'paused' : status.state;
  const { icon, word } = STATES[state];
  const running = state !== 'off' && state !== 'installing' && state !== 'starting';
  const model = status.model ?? 'none, so only what was written before is suggested';
  const onlyHere = state === 'paused' && status.state !== 'paused';
  const where = status.leavesMachine
    ? `text is sent to ${status.endpoint ?? 'another machine'}`
    : 'text stays on this machine';
  const lines = [
    state === 'problem' ? 'Chiron has a problem.' : `Chiron is ${word}${onlyHere ? ' in this file' : ''}.`,
    ...(running ? [`Model: ${model}; ${where}.`] : []),
    ...(status.message ? [status.message] : []),
    ...(status.advice ? [status.advice] : []),
  ];
  const sent = running && status.leavesMachine ? ' $(arrow-up)' : '';
  return {
    // The word stands next to the icon unless all is well, so that nothing is told by shape or colour alone.
    text: state === 'ready' ? `${icon} Chiron${sent}` : `${icon} Chiron: ${word}${sent}`,
    tooltip: lines.join('\n\n'),
    spoken: lines.join(' '),
  };
}

/** Said once, on the first use. */
export const FIRST_USE =
  'Chiron offers the next task, option or module in your Ansible files, checked against the modules installed here; ' +
  'it runs nothing and cannot know what you mean, so read before you press Tab.';
