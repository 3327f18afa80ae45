/**
 * Asks once more for a place where a person was left without an answer because Chiron was not there yet.
 *
 * An editor asks on a keystroke only. What was typed while the server started, or while something was in its
 * way, gets its suggestion without another keystroke, as long as text and cursor are where they were.
 * Nothing here imports `vscode`.
 */

import type { Position } from './protocol.js';

/** Where somebody waits. `version` is the document's; undefined where only the place is known. */
export interface Place {
  readonly uri: string;
  readonly position: Position | undefined;
  readonly version?: number;
}

export class Again {
  private waiting: Place | undefined;
  private isAsking = false;

  /** `ask` makes the editor ask; the request passes through `kind`. */
  constructor(private readonly ask: () => Thenable<unknown>) {}

  /** Something was typed that nobody could be asked about. */
  typed(place: Place): void {
    this.waiting = place;
  }

  /** As `typed`, where it is not known that anything was. */
  perhapsTyped(place: Place): void {
    this.waiting ??= place;
  }

  /** A request was answered with `nItems`; `isReady` tells whether Chiron could have answered it. */
  answered(place: Place, nItems: number, isReady: boolean): void {
    this.waiting = nItems === 0 && !isReady ? place : undefined;
  }

  /** Chiron can answer now. Asks if somebody waits where the cursor still is. */
  async renew(now: Place | undefined): Promise<void> {
    const waiting = this.waiting;
    this.waiting = undefined;
    if (!waiting || !now || !isSame(waiting, now)) {
      return;
    }
    this.isAsking = true;
    try {
      await this.ask();
    } finally {
      this.isAsking = false;
    }
  }

  /** What brought a request about: one that is asked again is no wish of the person's, though it looks like one. */
  kind<T>(asTold: T, automatic: T): T {
    return this.isAsking ? automatic : asTold;
  }
}

function isSame(before: Place, now: Place): boolean {
  return (
    before.uri === now.uri &&
    (before.version === undefined || before.version === now.version) &&
    (before.position === undefined ||
      (before.position.line === now.position?.line && before.position.character === now.position.character))
  );
}
