import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Again, type Place } from '../../src/again.js';
import { NOTICED_AFTER_MS, Thinking } from '../../src/thinking.js';

const HERE: Place = { uri: 'file:///srv/site.yml', position: { line: 2, character: 24 }, version: 7 };

/** How often the editor is made to ask, and what kind of request it looked like. */
function start() {
  const kinds: string[] = [];
  const again: Again = new Again(() => {
    kinds.push(again.kind('invoked', 'automatic'));
    return Promise.resolve();
  });
  return { again, kinds };
}

test('what was typed before there was a server is asked for once, as if by typing', async () => {
  const { again, kinds } = start();
  again.typed(HERE);
  await again.renew(HERE);
  await again.renew(HERE);
  assert.deepEqual(kinds, ['automatic']);
  assert.equal(again.kind('invoked', 'automatic'), 'invoked');
});

test('who was told nothing because Chiron was not ready is answered when it is', async () => {
  const { again, kinds } = start();
  again.answered(HERE, 0, false);
  await again.renew(HERE);
  assert.equal(kinds.length, 1);
});

test('who was answered, or was told nothing by one that was ready, is left in peace', async () => {
  const { again, kinds } = start();
  again.answered(HERE, 2, false);
  await again.renew(HERE);
  again.answered(HERE, 0, true);
  await again.renew(HERE);
  assert.deepEqual(kinds, []);
});

for (const [what, now] of Object.entries({
  'the cursor is elsewhere': { ...HERE, position: { line: 2, character: 3 } },
  'the text is another': { ...HERE, version: 8 },
  'another file is being edited': { ...HERE, uri: 'file:///srv/other.yml' },
  'no file is being edited': undefined,
})) {
  test(`nobody is asked where ${what} by now`, async () => {
    const { again, kinds } = start();
    again.typed(HERE);
    await again.renew(now);
    await again.renew(HERE);
    assert.deepEqual(kinds, []);
  });
}

test('what was typed before anybody was there to see it may have been typed anywhere', async () => {
  const { again, kinds } = start();
  again.perhapsTyped({ ...HERE, position: undefined });
  await again.renew(HERE);
  assert.equal(kinds.length, 1);
  again.typed({ ...HERE, position: { line: 0, character: 0 } });
  again.perhapsTyped({ ...HERE, position: undefined });
  await again.renew(HERE);
  assert.equal(kinds.length, 1);
});

test('only a wait that is noticed is shown, from then until the last request has ended', async () => {
  const shown: boolean[] = [];
  let notice = (): void => undefined;
  const thinking: Thinking = new Thinking(
    () => shown.push(thinking.isThinking),
    (ms, run) => {
      assert.equal(ms, NOTICED_AFTER_MS);
      notice = run;
      return () => {
        notice = () => undefined;
      };
    },
  );
  await thinking.during(() => Promise.resolve());
  notice();
  assert.deepEqual(shown, []);
  const ends: (() => void)[] = [];
  const wait = () => thinking.during(() => new Promise<void>((resolve) => ends.push(resolve)));
  const both = [wait(), wait()];
  notice();
  assert.deepEqual(shown, [true]);
  ends[0]?.();
  await both[0];
  assert.deepEqual(shown, [true]);
  ends[1]?.();
  await both[1];
  assert.deepEqual(shown, [true, false]);
});

test('a request that fails is no longer waited for', async () => {
  const thinking: Thinking = new Thinking(() => undefined);
  await assert.rejects(thinking.during(() => Promise.reject(new Error('gone'))));
  assert.equal(thinking.isThinking, false);
});
