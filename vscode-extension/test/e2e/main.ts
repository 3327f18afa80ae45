/**
 * Runs the scenarios in a real VS Code, in a browser: `npm run e2e [-- PART_OF_A_NAME…]`.
 *
 * A scenario that fails is tried once more, and the second try is printed as such.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { EXTENSION, install, type Installed } from './install.js';
import { Lab, sleep } from './lab.js';
import { measure } from './measure.js';
import type { Scenario } from './scenario.js';
import { accepting } from './scenarios/accepting.js';
import { beside } from './scenarios/beside.js';
import { bulb } from './scenarios/bulb.js';
import { ending } from './scenarios/ending.js';
import { pictures } from './scenarios/pictures.js';
import { reading } from './scenarios/reading.js';
import { review } from './scenarios/review.js';
import { trouble } from './scenarios/trouble.js';
import { Window } from './window.js';

const ALL: readonly Scenario[] = [...accepting, ...ending, ...reading, ...bulb, ...review, ...trouble, ...beside, ...pictures];
const SHOTS = join(EXTENSION, 'out', 'e2e', 'failures');
const ATTEMPTS = 2;

interface Result {
  readonly name: string;
  readonly attempts: number;
  readonly error: unknown;
}

/** The lab that scenarios share, and its window; made again after a failure. */
class Shared {
  private window: Window | undefined;

  constructor(
    private readonly installed: Installed,
    private readonly browser: Browser,
  ) {}

  async get(): Promise<Window> {
    if (!this.window) {
      const lab = await Lab.start(this.installed);
      lab.write('first.yml', '- hosts: all\n  tasks: []\n');
      this.window = await Window.open(lab, await newPage(this.browser), 'first.yml');
      await this.window.statusSays(/ready/);
      await sleep(500);
      await this.window.press('Control+Alt+n');
    }
    return this.window;
  }

  async drop(): Promise<void> {
    const window = this.window;
    this.window = undefined;
    await window?.close();
    await window?.lab.stop();
  }
}

async function newPage(browser: Browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  // On a machine that does other things as well, everything takes its time.
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

async function runOne(scenario: Scenario, installed: Installed, browser: Browser, shared: Shared, attempt: number): Promise<unknown> {
  let window: Window | undefined;
  try {
    if (scenario.lab) {
      const lab = await Lab.start(installed, scenario.lab);
      for (const [name, text] of Object.entries(scenario.files ?? {})) {
        lab.write(name, text);
      }
      if (scenario.opens) {
        lab.write(scenario.opens.name, scenario.opens.text);
      }
      window = await Window.open(lab, await newPage(browser), scenario.opens?.name);
    } else {
      window = await shared.get();
    }
    await scenario.run(window);
    if (!scenario.lab) {
      await window.tidy();
    }
    return undefined;
  } catch (error) {
    const shot = join(SHOTS, `${scenario.name.replaceAll(/\W+/g, '-')}-${attempt}`);
    for (const [n, page] of (window?.page.context().pages() ?? []).entries()) {
      await page.screenshot({ path: `${shot}-${n + 1}.png` }).catch(() => undefined);
    }
    console.log(window?.lab.extensionLog ?? '');
    console.log(await window?.lab.lastRows().catch(() => 'the log cannot be read'));
    return error ?? new Error('failed without a reason');
  } finally {
    if (scenario.lab) {
      await window?.close();
      await window?.lab.stop();
    }
  }
}

async function runAll(scenarios: readonly Scenario[], installed: Installed, browser: Browser, shared: Shared): Promise<Result[]> {
  const results: Result[] = [];
  for (const scenario of scenarios) {
    const began = Date.now();
    let error: unknown;
    let attempts = 0;
    do {
      attempts += 1;
      error = await runOne(scenario, installed, browser, shared, attempts);
      if (error !== undefined) {
        const reason = error instanceof Error ? error.message : JSON.stringify(error);
        console.log(`try ${attempts} of "${scenario.name}" failed: ${reason}`);
        if (!scenario.lab) {
          await shared.drop();
        }
      }
    } while (error !== undefined && attempts < ATTEMPTS);
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    const word = error === undefined ? (attempts > 1 ? 'ok, AT THE SECOND TRY' : 'ok') : 'FAILED';
    console.log(`${word.padEnd(7)} ${seconds.padStart(6)} s  ${scenario.name}`);
    results.push({ name: scenario.name, attempts, error });
  }
  return results;
}

async function main(): Promise<number> {
  const wanted = process.argv.slice(2);
  const scenarios = ALL.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  rmSync(SHOTS, { recursive: true, force: true });
  mkdirSync(SHOTS, { recursive: true });
  const installed = install();
  const browser = await chromium.launch({
    executablePath: installed.chromium,
    // Ended from outside, a run ends, instead of going on without its browser.
    handleSIGTERM: false,
    handleSIGINT: false,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      Lab.killAll();
      void browser.close().finally(() => process.exit(130));
    });
  }
  const shared = new Shared(installed, browser);
  const figures: string[] = [];
  let results: Result[] = [];
  try {
    // Two at a time: one with the window they share, one with a window of its own.
    const lanes = [scenarios.filter(({ lab }) => !lab), scenarios.filter(({ lab }) => lab)];
    const done = await Promise.all(lanes.map((lane) => runAll(lane, installed, browser, shared)));
    results = done.flat();
    if (wanted.length === 0 || wanted.includes('measure')) {
      // Alone, so that nothing else takes time from it.
      figures.push(...(await measure(await shared.get())));
    }
  } finally {
    await shared.drop();
    await browser.close();
  }
  console.log(figures.join('\n'));
  const nFailed = results.filter(({ error }) => error !== undefined).length;
  const nSecond = results.filter(({ error, attempts }) => error === undefined && attempts > 1).length;
  console.log(`${results.length} scenarios: ${results.length - nFailed} passed, ${nSecond} of them at the second try, ${nFailed} failed`);
  return results.length + figures.length > 0 && nFailed === 0 ? 0 : 1;
}

process.exitCode = await main();
