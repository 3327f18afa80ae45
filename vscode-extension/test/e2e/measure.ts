/** What the extension costs: time from a key to ghost text, activation, memory. Printed, never judged. */

import { sleep } from './lab.js';
import { PLAY } from './scenario.js';
import { MEASURED } from './script.js';
import type { Window } from './window.js';

export async function measure(window: Window): Promise<string[]> {
  const times: number[] = [];
  for (const [n, task] of MEASURED.entries()) {
    const file = `measured-${n}.yml`;
    await window.fresh(file, `${PLAY}${task.name}`);
    await window.noGhost();
    const began = performance.now();
    await window.press('Enter');
    await window.page
      .locator('.ghost-text-decoration, .suggest-preview-text')
      .first()
      .waitFor({ state: 'attached', timeout: 20_000 });
    times.push(performance.now() - began);
    await window.press('Escape');
    await window.save();
    await sleep(100);
  }
  // The first is not warm: it reads what all later ones find in memory.
  const warm = times.slice(1).sort((a, b) => a - b);
  const processes = await window.lab.processes();
  const memory = (part: string): number =>
    processes.filter(({ command }) => command.includes(part)).reduce((sum, each) => sum + each.memory, 0);
  return [
    `Enter to ghost text, warm (${warm.length} times): p50 ${at(warm, 0.5)} ms, p95 ${at(warm, 0.95)} ms; first ${times[0]?.toFixed(0) ?? '-'} ms`,
    `activation of the extension: ${(await activation(window)) ?? 'not told'}`,
    `memory: extension host ${memory('type=extensionHost').toFixed(0)} MB, server ${memory('serve --stdio').toFixed(0)} MB`,
  ];
}

function at(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(0);
}

/** The editor's own figure, from its list of running extensions. */
async function activation(window: Window): Promise<string | undefined> {
  await window.command('Developer: Show Running Extensions');
  const row = window.page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: 'Chiron' }).first();
  try {
    await row.waitFor({ timeout: 10_000 });
    return /\d+ms/.exec((await row.locator('.activation-time').textContent()) ?? '')?.[0];
  } catch {
    return undefined;
  }
}
