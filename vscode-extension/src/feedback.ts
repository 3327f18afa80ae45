/**
 * What became of the suggestion that is on offer, as far as an editor's stable API tells.
 *
 * The server works out outcomes from the document's changes. What no change shows is seen here: Escape, the
 * cursor leaving, another editor. Each end is told once. `shown` is inferred: nothing else happened for half
 * a second after the offer, since the editor does not say what it drew. Nothing here imports `vscode`.
 */

import type { Evidence, Position, Range, SuggestionEvent } from './protocol.js';

/** An offer stands this long undisturbed before it counts as seen. */
export const SHOWN_AFTER_MS = 500;

/**
 * Editors tell of a change and of the cursor in two messages, in either order. A cursor elsewhere counts as
 * gone if no change explains it within this time.
 */
export const SETTLED_AFTER_MS = 80;

/** One alternative as it went to the editor. `start` is where its text begins in the document. */
export interface Offered {
  readonly id: string;
  readonly text: string;
  readonly start: Position;
}

/** One edit, in the coordinates of the document before it. */
export interface Edit {
  readonly range: Range;
  readonly text: string;
}

export interface Outlet {
  readonly send: (event: SuggestionEvent) => void;
  /** Told whenever it changes whether a suggestion of ours is on offer. */
  readonly pending: (isPending: boolean) => void;
  readonly after: (ms: number, run: () => void) => () => void;
}

interface Remaining {
  readonly id: string;
  /** What of the text is not in the document yet. */
  readonly rest: string;
  /** How much of the text was in the document already when it was offered, or got there since. */
  readonly taken: number;
}

interface Offer {
  readonly uri: string;
  readonly items: readonly Remaining[];
  /** Where the cursor is while the offer stands. */
  readonly anchor: Position;
  /** The anchor's line up to the anchor. */
  readonly before: string;
  /** Edit that put several characters of the suggestion in at once, if the last one did. */
  readonly part: Remaining | undefined;
}

/** How many ids are remembered so that an end is not told twice. */
const REMEMBERED = 512;

export class OfferTracker {
  private offer: Offer | undefined;
  private cancelShown: (() => void) | undefined;
  private cancelLeaving: (() => void) | undefined;
  private readonly shown = new Set<string>();
  /** Whole texts by id: while a suggestion is typed through, only what is left of it is offered again. */
  private readonly wholes = new Map<string, string>();
  private readonly ended = new Set<string>();

  constructor(private readonly outlet: Outlet) {}

  /** The document in which a suggestion is on offer. */
  get uri(): string | undefined {
    return this.offer?.uri;
  }

  /** The id on offer, or undefined. With several alternatives, the first: which one is drawn is not told. */
  get current(): string | undefined {
    return this.offer?.items[0]?.id;
  }

  /**
   * The server answered: `items` go to the editor for the cursor at `cursor`, whose line begins with `before`.
   *
   * An item whose text does not begin with what stands between its start and the cursor is not drawn by the
   * editor, and is left out.
   */
  offered(uri: string, cursor: Position, before: string, items: readonly Offered[]): void {
    const drawn = items.flatMap((item) => remaining(item, cursor, before).map((rest) => this.ofWhole(item, rest)));
    if (drawn.length === 0) {
      this.end();
      return;
    }
    this.offer = { uri, items: drawn, anchor: cursor, before, part: undefined };
    this.outlet.pending(true);
    this.watchShown();
  }

  /** The document changed. What continues an alternative keeps it; anything else at the cursor ends the offer. */
  changed(uri: string, edits: readonly Edit[]): void {
    if (this.offer?.uri !== uri) {
      return;
    }
    for (const edit of edits) {
      this.edited(edit);
    }
    if (this.current !== undefined) {
      this.watchShown();
    }
  }

  /**
   * The selection changed. `byKey` is false where the editor names no cause, as after accepting a word or a line.
   */
  selected(uri: string, cursor: Position | undefined, byKey: boolean): void {
    const offer = this.offer;
    if (offer?.uri !== uri) {
      return;
    }
    this.cancelLeaving?.();
    if (cursor && samePlace(cursor, offer.anchor)) {
      this.offer = { ...offer, part: undefined };
      if (offer.part && !byKey) {
        const { id, taken } = offer.part;
        this.outlet.send({ suggestionId: id, uri, kind: 'accepted_part', evidence: 'observed', acceptedLength: taken });
      }
      return;
    }
    this.cancelLeaving = this.outlet.after(SETTLED_AFTER_MS, () => {
      if (this.offer?.uri === uri && !(cursor && samePlace(cursor, this.offer.anchor))) {
        this.leave('cursor');
      }
    });
  }

  /** Another editor, or none, has the focus now. */
  activated(uri: string | undefined): void {
    if (this.offer && this.offer.uri !== uri) {
      this.leave('editor');
    }
  }

  /** Escape was pressed while a suggestion was drawn. */
  rejected(): void {
    this.finish('rejected', 'observed');
  }

  /** An accept command ran. It proves the accept, whatever was believed before. */
  accepted(suggestionId: string, uri?: string): void {
    this.end();
    this.remember(this.ended, suggestionId);
    this.outlet.send({ suggestionId, kind: 'accepted', evidence: 'confirmed', ...(uri === undefined ? {} : { uri }) });
  }

  /** Forgets the offer without telling anybody: the server learns of its end in another way. */
  end(): void {
    this.cancelShown?.();
    this.cancelShown = undefined;
    this.cancelLeaving?.();
    this.cancelLeaving = undefined;
    if (this.offer) {
      this.offer = undefined;
      this.outlet.pending(false);
    }
  }

  /** `rest`, counted from the beginning of the suggestion as it was offered first. */
  private ofWhole(item: Offered, rest: Remaining): Remaining {
    const whole = this.wholes.get(item.id);
    if (whole?.endsWith(rest.rest) === true) {
      return { ...rest, taken: whole.length - rest.rest.length };
    }
    this.wholes.set(item.id, lf(item.text));
    const oldest = this.wholes.size > REMEMBERED ? this.wholes.keys().next().value : undefined;
    if (oldest !== undefined) {
      this.wholes.delete(oldest);
    }
    return rest;
  }

  private edited(edit: Edit): void {
    const offer = this.offer;
    if (!offer) {
      return;
    }
    if (isBefore(edit.range.end, { line: offer.anchor.line, character: 0 })) {
      const shift = countLines(edit.text) - (edit.range.end.line - edit.range.start.line);
      this.offer = { ...offer, anchor: { ...offer.anchor, line: offer.anchor.line + shift } };
      return;
    }
    if (isBefore(offer.anchor, edit.range.start)) {
      return;
    }
    const inserted = insertedAt(offer, edit);
    const items = inserted === undefined ? [] : offer.items.flatMap((item) => advance(item, inserted));
    const first = items[0];
    if (inserted === undefined || first === undefined || first.rest === '') {
      // Written over, or written out: the server sees both in the document.
      this.end();
      return;
    }
    this.offer = {
      uri: offer.uri,
      items,
      anchor: moved(offer.anchor, inserted),
      before: (offer.before + inserted).slice((offer.before + inserted).lastIndexOf('\n') + 1),
      part: inserted.trim().length > 1 ? first : undefined,
    };
  }

  private leave(reason: 'cursor' | 'editor'): void {
    this.finish('moved_away', 'observed', reason);
  }

  private finish(kind: 'rejected' | 'moved_away', evidence: Evidence, reason?: 'cursor' | 'editor'): void {
    const offer = this.offer;
    const id = this.current;
    this.end();
    if (!offer || id === undefined || this.ended.has(id)) {
      return;
    }
    this.remember(this.ended, id);
    this.outlet.send({ suggestionId: id, uri: offer.uri, kind, evidence, ...(reason ? { reason } : {}) });
  }

  private watchShown(): void {
    this.cancelShown?.();
    this.cancelShown = this.outlet.after(SHOWN_AFTER_MS, () => {
      const id = this.current;
      if (this.offer && id !== undefined && !this.shown.has(id)) {
        this.remember(this.shown, id);
        this.outlet.send({ suggestionId: id, uri: this.offer.uri, kind: 'shown', evidence: 'inferred' });
      }
    });
  }

  private remember(ids: Set<string>, id: string): void {
    ids.add(id);
    const oldest = ids.size > REMEMBERED ? ids.values().next().value : undefined;
    if (oldest !== undefined) {
      ids.delete(oldest);
    }
  }
}

/** What of `item` is still to come for a cursor whose line begins with `before`; nothing if it does not fit. */
function remaining(item: Offered, cursor: Position, before: string): Remaining[] {
  if (item.start.line !== cursor.line) {
    return [];
  }
  const standing = before.slice(item.start.character);
  const text = lf(item.text);
  return text.startsWith(standing) && text.length > standing.length
    ? [{ id: item.id, rest: text.slice(standing.length), taken: standing.length }]
    : [];
}

function advance(item: Remaining, inserted: string): Remaining[] {
  return item.rest.startsWith(inserted)
    ? [{ id: item.id, rest: item.rest.slice(inserted.length), taken: item.taken + inserted.length }]
    : [];
}

/**
 * The text that `edit` puts in at the offer's anchor, or undefined if it does something else there.
 *
 * An editor may write an accept as a replacement of the line's beginning by itself and more.
 */
function insertedAt(offer: Offer, edit: Edit): string | undefined {
  const text = lf(edit.text);
  const { start, end } = edit.range;
  if (!samePlace(end, offer.anchor)) {
    return undefined;
  }
  if (samePlace(start, end)) {
    return text;
  }
  const replaced = offer.before.slice(start.character);
  return start.line === end.line && text.startsWith(replaced) ? text.slice(replaced.length) : undefined;
}

function moved(from: Position, inserted: string): Position {
  const n = countLines(inserted);
  const last = inserted.slice(inserted.lastIndexOf('\n') + 1);
  return n === 0
    ? { line: from.line, character: from.character + inserted.length }
    : { line: from.line + n, character: last.length };
}

function countLines(text: string): number {
  return lf(text).split('\n').length - 1;
}

function lf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function samePlace(a: Position, b: Position): boolean {
  return a.line === b.line && a.character === b.character;
}

function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}
