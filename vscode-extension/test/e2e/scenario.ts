/** What a scenario is, and how it checks the saved text and the log. */

import assert from 'node:assert/strict';
import { type Lab, type LabOptions, type Row, sleep } from './lab.js';
import type { Task } from './script.js';
import type { Window } from './window.js';

export interface Scenario {
  readonly name: string;
  /** Runs in a lab of its own, with these options, instead of the shared one. */
  readonly lab?: LabOptions;
  /** The file that is open when the window opens, for labs of their own. */
  readonly opens?: { readonly name: string; readonly text: string };
  /** Further files that are there from the start, in labs of their own. */
  readonly files?: Readonly<Record<string, string>>;
  readonly run: (window: Window) => Promise<void>;
}

/** A playbook up to the place where a task's name is written. */
export const PLAY = '- hosts: all\n  tasks:\n    - name: ';

/** The file as it must be after `task` was accepted whole. */
export function written(task: Task, rest = ''): string {
  return `${PLAY}${task.name}\n${task.body.map((line) => `      ${line}\n`).join('')}`.trimEnd() + rest;
}

/** A fresh playbook with `task`'s name written, ghost text drawn and looked at. */
export async function named(window: Window, file: string, task: Task): Promise<void> {
  await window.fresh(file, PLAY);
  await window.insert(task.name);
  await window.ghost(lastWord(task));
  await window.look();
}

/** A part of the body that no other suggestion holds. */
export function lastWord(task: Task): string {
  return task.body[1]?.trim() ?? '';
}

/** Saves, and compares with what must stand in the file. White space at the file's end is not compared. */
export async function saved(window: Window, file: string, text: string): Promise<void> {
  await window.save();
  assert.equal(window.lab.read(file).trimEnd(), text.trimEnd());
}

/** What is expected of the one suggestion whose text holds a part. */
export interface Expected {
  /** Null while it is open. */
  readonly outcome: string | null;
  /** Events that must be there, as `kind/evidence`, or `kind` where either will do. */
  readonly has?: readonly string[];
  /** Kinds that must not be there. */
  readonly hasNot?: readonly string[];
  readonly also?: (row: Row) => void;
}

const ENDS = new Set(['accepted', 'rejected', 'moved_away', 'typed_over', 'superseded', 'expired']);

/**
 * Waits until the log holds exactly one row for `file` whose text holds `part`, with what is expected of it.
 *
 * Whatever else is in the file: each suggestion ended at most once, and no row is accepted but those named.
 */
export async function logged(lab: Lab, file: string, part: string, expected: Expected): Promise<Row> {
  let problem: unknown = new Error('the log was not read');
  for (const until = Date.now() + 40_000; Date.now() < until; ) {
    await sleep(300);
    try {
      const rows = await lab.rows(file);
      const found = rows.filter((row) => row.text.includes(part));
      assert.equal(found.length, 1, `rows with ${part}: ${summary(rows)}`);
      const [row] = found;
      assert.ok(row);
      check(row, expected);
      rows.forEach(endsOnce);
      return row;
    } catch (error) {
      problem = error;
    }
  }
  throw problem instanceof Error ? problem : new Error(String(problem));
}

/** No suggestion of `file` was counted as accepted but `nExpected`. What happened last is in the log a moment later. */
export async function accepts(lab: Lab, file: string, nExpected: number): Promise<void> {
  await taken(lab, file, nExpected);
}

/** The suggestions of `file` that count as accepted, which must be so many. */
export async function taken(lab: Lab, file: string, nExpected = 1): Promise<Row[]> {
  for (const until = Date.now() + 20_000; ; ) {
    await sleep(nExpected === 0 ? 1000 : 300);
    const rows = await lab.rows(file);
    const found = rows.filter(({ outcome }) => outcome === 'accepted');
    if (found.length >= nExpected || Date.now() > until) {
      assert.equal(found.length, nExpected, summary(rows));
      rows.forEach(endsOnce);
      return found;
    }
  }
}

/** Whether the accept command ran for `row`. */
export function isConfirmed(row: Row): boolean {
  return row.events.some(({ kind, evidence }) => kind === 'accepted' && evidence === 'confirmed');
}

function check(row: Row, expected: Expected): void {
  assert.equal(row.outcome, expected.outcome, describe(row));
  const events = row.events.map(({ kind, evidence }) => `${kind}/${evidence}`);
  for (const event of expected.has ?? []) {
    assert.ok(events.some((told) => told === event || told.startsWith(`${event}/`)), `${event} is missing: ${describe(row)}`);
  }
  for (const kind of expected.hasNot ?? []) {
    assert.ok(!row.events.some((event) => event.kind === kind), `${kind} is there: ${describe(row)}`);
  }
  expected.also?.(row);
}

/** An acceptance may be told twice, when it is inferred and when it is confirmed; every other end once. */
function endsOnce(row: Row): void {
  const ends = row.events.filter(({ kind }) => ENDS.has(kind));
  const kinds = new Set(ends.map(({ kind }) => kind));
  assert.ok(kinds.size <= 1 || kinds.has('accepted'), `two ends: ${describe(row)}`);
  const told = ends.map(({ kind, evidence }) => `${kind}/${evidence}`);
  assert.equal(new Set(told).size, told.length, `an end told twice: ${describe(row)}`);
}

function summary(rows: readonly Row[]): string {
  return rows.map(describe).join('\n');
}

function describe(row: Row): string {
  const events = row.events.map(({ kind, evidence }) => `${kind}/${evidence}`).join(', ');
  return `${row.id} #${row.rank} ${String(row.source)} ${JSON.stringify(row.text)}: ${String(row.outcome)} [${events}]`;
}
