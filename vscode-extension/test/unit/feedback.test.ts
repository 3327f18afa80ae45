import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OfferTracker, SETTLED_AFTER_MS, SHOWN_AFTER_MS } from '../../src/feedback.js';
import type { SuggestionEvent } from '../../src/protocol.js';

const URI = 'file:///srv/play/site.yml';
const NAME_LINE = '    - name: Install nginx';
const BODY = '\n      ansible.builtin.apt:\n        name: nginx';

/** A tracker with a clock that is turned by hand. */
function start() {
  const sent: SuggestionEvent[] = [];
  const pending: boolean[] = [];
  const timers = new Map<() => void, number>();
  const tracker = new OfferTracker({
    send: (event) => sent.push(event),
    pending: (isPending) => pending.push(isPending),
    after: (ms, run) => {
      timers.set(run, ms);
      return () => timers.delete(run);
    },
  });
  /** Lets what is due within `forMs` happen. */
  const wait = (forMs = SHOWN_AFTER_MS): void => {
    for (const [run, ms] of timers) {
      if (ms <= forMs) {
        timers.delete(run);
        run();
      }
    }
  };
  const at = (line: number, character: number) => ({ line, character });
  const type = (text: string, line: number, character: number): void => {
    tracker.changed(URI, [{ range: { start: at(line, character), end: at(line, character) }, text }]);
  };
  return { tracker, sent, pending, wait, at, type, kinds: () => sent.map(({ kind }) => kind) };
}

/** A task body on offer at the end of a name line on line 3. */
function offered(...ids: string[]) {
  const all = start();
  const items = (ids.length > 0 ? ids : ['a']).map((id, n) => ({
    id,
    text: NAME_LINE + (n === 0 ? BODY : BODY.replace('apt', 'dnf')),
    start: all.at(3, 0),
  }));
  all.tracker.offered(URI, all.at(3, NAME_LINE.length), NAME_LINE, items);
  return { ...all, items, end: all.at(3, NAME_LINE.length) };
}

test('an offer is pending, and counts as shown once it stood undisturbed', () => {
  const { tracker, pending, wait, sent } = offered();
  assert.deepEqual(pending, [true]);
  assert.equal(tracker.current, 'a');
  wait();
  assert.deepEqual(sent, [{ suggestionId: 'a', uri: URI, kind: 'shown', evidence: 'inferred' }]);
});

test('the same suggestion is shown once, however often the editor asks', () => {
  const { tracker, items, wait, end, kinds } = offered();
  wait();
  tracker.offered(URI, end, NAME_LINE, items);
  wait();
  assert.deepEqual(kinds(), ['shown']);
});

test('an offer that ends sooner was not shown', () => {
  const { tracker, wait, kinds } = offered();
  tracker.rejected();
  wait();
  assert.deepEqual(kinds(), ['rejected']);
});

test('Escape is a rejection that was observed, told once', () => {
  const { tracker, sent, pending } = offered();
  tracker.rejected();
  tracker.rejected();
  assert.deepEqual(sent, [{ suggestionId: 'a', uri: URI, kind: 'rejected', evidence: 'observed' }]);
  assert.deepEqual(pending, [true, false]);
});

test('the accept command confirms, after the text was inserted', () => {
  const { tracker, sent, type, pending } = offered();
  type(BODY, 3, NAME_LINE.length);
  assert.deepEqual(pending, [true, false]);
  tracker.selected(URI, { line: 5, character: 19 }, false);
  tracker.accepted('a', URI);
  assert.deepEqual(sent, [{ suggestionId: 'a', uri: URI, kind: 'accepted', evidence: 'confirmed' }]);
});

test('an accept written as a replacement of the line from its start is an accept', () => {
  const { tracker, end, kinds, pending } = offered();
  tracker.changed(URI, [{ range: { start: { line: 3, character: 0 }, end }, text: NAME_LINE + BODY }]);
  tracker.selected(URI, { line: 5, character: 19 }, false);
  assert.deepEqual(kinds(), []);
  assert.deepEqual(pending, [true, false]);
});

test('typing through keeps the offer, and the cursor that goes along is no leaving', () => {
  const { tracker, type, kinds, at } = offered();
  type('\n      ', 3, NAME_LINE.length);
  tracker.selected(URI, at(4, 6), true);
  type('a', 4, 6);
  tracker.selected(URI, at(4, 7), true);
  assert.equal(tracker.current, 'a');
  assert.deepEqual(kinds(), []);
});

test('Windows line ends continue a suggestion as well', () => {
  const { tracker, type } = offered();
  type('\r\n      ', 3, NAME_LINE.length);
  assert.equal(tracker.current, 'a');
});

test('typing something else ends the offer silently, since the document tells the server', () => {
  const { tracker, type, kinds, pending } = offered();
  type('x', 3, NAME_LINE.length);
  assert.equal(tracker.current, undefined);
  assert.deepEqual(kinds(), []);
  assert.deepEqual(pending, [true, false]);
});

test('typing that only the second alternative continues leaves that one on offer', () => {
  const { tracker, type } = offered('a', 'b');
  type('\n      ansible.builtin.d', 3, NAME_LINE.length);
  assert.equal(tracker.current, 'b');
});

test('a word accepted is observed: several characters at once and a cursor that no key moved', () => {
  const { tracker, type, sent, at } = offered();
  type('\n      ansible', 3, NAME_LINE.length);
  tracker.selected(URI, at(4, 13), false);
  const acceptedLength = NAME_LINE.length + '\n      ansible'.length;
  assert.deepEqual(sent, [
    { suggestionId: 'a', uri: URI, kind: 'accepted_part', evidence: 'observed', acceptedLength },
  ]);
  assert.equal(tracker.current, 'a');
});

test('what was accepted is counted from the beginning, when only the rest is offered again', () => {
  const { tracker, type, sent, at } = offered();
  type('\n      ansible', 3, NAME_LINE.length);
  tracker.selected(URI, at(4, 13), false);
  const line = '      ansible';
  tracker.offered(URI, at(4, 13), line, [{ id: 'a', text: BODY.slice(1), start: at(4, 0) }]);
  type('.builtin', 4, 13);
  tracker.selected(URI, at(4, 21), false);
  assert.deepEqual(
    sent.map(({ acceptedLength }) => acceptedLength),
    [`${NAME_LINE}\n      ansible`.length, `${NAME_LINE}\n      ansible.builtin`.length],
  );
});

test('several characters that a key put in are no accepted word', () => {
  const { tracker, type, kinds, at } = offered();
  type('\n      ansible', 3, NAME_LINE.length);
  tracker.selected(URI, at(4, 13), true);
  assert.deepEqual(kinds(), []);
});

test('the cursor that leaves is observed, and told once', () => {
  const { tracker, sent, at, wait } = offered();
  tracker.selected(URI, at(0, 0), true);
  tracker.selected(URI, at(1, 0), true);
  wait(SETTLED_AFTER_MS);
  wait(SETTLED_AFTER_MS);
  assert.deepEqual(sent, [
    { suggestionId: 'a', uri: URI, kind: 'moved_away', evidence: 'observed', reason: 'cursor' },
  ]);
});

test('a selection, or a second cursor, leaves the place', () => {
  const { tracker, kinds, wait } = offered();
  tracker.selected(URI, undefined, true);
  wait(SETTLED_AFTER_MS);
  assert.deepEqual(kinds(), ['moved_away']);
});

test('a cursor that is told before the change that moved it is no leaving', () => {
  const { tracker, type, kinds, at, wait } = offered();
  tracker.selected(URI, at(4, 6), true);
  type('\n      ', 3, NAME_LINE.length);
  wait(SETTLED_AFTER_MS);
  assert.deepEqual(kinds(), []);
  assert.equal(tracker.current, 'a');
});

test('a cursor that is told before the text that was written over is no leaving either', () => {
  const { tracker, type, kinds, at, wait } = offered();
  tracker.selected(URI, at(3, NAME_LINE.length + 1), true);
  type('x', 3, NAME_LINE.length);
  wait(SETTLED_AFTER_MS);
  assert.deepEqual(kinds(), []);
});

test('another editor is a leaving, the same one is not', () => {
  const { tracker, sent } = offered();
  tracker.activated(URI);
  assert.equal(sent.length, 0);
  tracker.activated('file:///srv/play/other.yml');
  assert.equal(sent[0]?.reason, 'editor');
});

test('what happens in another file is nothing to this offer', () => {
  const { tracker, at } = offered();
  tracker.changed('file:///srv/play/other.yml', [{ range: { start: at(3, 5), end: at(3, 5) }, text: 'x' }]);
  tracker.selected('file:///srv/play/other.yml', at(0, 0), true);
  assert.equal(tracker.current, 'a');
});

test('lines inserted above move the offer along', () => {
  const { tracker, at, kinds } = offered();
  tracker.changed(URI, [{ range: { start: at(1, 0), end: at(1, 0) }, text: 'one\ntwo\n' }]);
  tracker.selected(URI, at(5, NAME_LINE.length), true);
  assert.deepEqual(kinds(), []);
  assert.equal(tracker.current, 'a');
});

test('edits below leave the offer alone', () => {
  const { tracker, at } = offered();
  tracker.changed(URI, [{ range: { start: at(9, 0), end: at(9, 4) }, text: '' }]);
  assert.equal(tracker.current, 'a');
});

test('an item that does not continue what stands before the cursor is not on offer', () => {
  const { tracker, pending, at } = start();
  tracker.offered(URI, at(3, 8), '    - na', [{ id: 'a', text: '    - hosts: all', start: at(3, 0) }]);
  assert.equal(tracker.current, undefined);
  assert.deepEqual(pending, []);
});

test('an empty answer takes the offer away without an end of its own', () => {
  const { tracker, end, kinds, pending } = offered();
  tracker.offered(URI, end, NAME_LINE, []);
  assert.deepEqual(kinds(), []);
  assert.deepEqual(pending, [true, false]);
});

test("an accept that is not ours does not count as one of ours", () => {
  const { tracker, type, kinds } = offered();
  type('\n      community.general.ufw:', 3, NAME_LINE.length);
  tracker.selected(URI, { line: 4, character: 28 }, false);
  assert.deepEqual(kinds(), []);
});

test('characters outside the basic plane are counted in UTF-16 units', () => {
  const { tracker, at, type, sent } = start();
  const before = '    - name: 🚀';
  tracker.offered(URI, at(0, before.length), before, [{ id: 'a', text: `${before}\n      debug:`, start: at(0, 0) }]);
  type('\n      de', 0, before.length);
  tracker.selected(URI, at(1, 8), false);
  assert.equal(sent[0]?.acceptedLength, before.length + 9);
});
