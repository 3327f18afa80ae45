import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import {
  bundledWheel,
  findPython,
  installedExtras,
  installedServer,
  isNewEnough,
  makeEnvironment,
  privateServer,
  run,
  type Run,
  SetupError,
} from '../../src/python.js';

const root = mkdtempSync(join(tmpdir(), 'chiron-unit-'));
after(() => {
  rmSync(root, { recursive: true, force: true });
});

let n = 0;
function folder(): string {
  n += 1;
  const path = join(root, String(n));
  mkdirSync(path);
  return path;
}

function program(path: string, name: string, says: string, exit = 0): string {
  const file = join(path, name);
  writeFileSync(file, `#!/bin/sh\ncat <<'EOF'\n${says}\nEOF\nexit ${exit}\n`);
  chmodSync(file, 0o755);
  return file;
}

function wheelIn(path: string): string {
  const file = join(path, 'chiron_ls-0.1.0-py3-none-any.whl');
  writeFileSync(file, `wheel ${path}`);
  return file;
}

/** A plan whose python is a program that behaves as a venv and a pip would. */
function plan(storage: string, wheel: string, extras: string[] = []) {
  const steps: string[] = [];
  return {
    steps,
    plan: {
      storage,
      wheel,
      extras,
      python: { path: '/python', version: '3.12.1' },
      report: (step: string) => steps.push(step),
      signal: new AbortController().signal,
    },
  };
}

const succeeds: Run = () => Promise.resolve({ ok: true, stdout: '', stderr: '' });
function failsAt(word: string, stderr: string): Run {
  return (_command, args) => Promise.resolve({ ok: !args.includes(word), stdout: '', stderr });
}

test('versions are compared as numbers', () => {
  assert.ok(isNewEnough('3.11.0'));
  assert.ok(isNewEnough('3.14.2'));
  assert.ok(isNewEnough('4.0.0'));
  assert.ok(!isNewEnough('3.9.18'));
  assert.ok(!isNewEnough('2.7.18'));
  assert.ok(!isNewEnough(''));
});

test('the first Python that is new enough is taken', async () => {
  const bin = folder();
  const old = program(bin, 'old', '3.9.2\n/usr/bin/old');
  const good = program(bin, 'good', '3.12.3\n/usr/bin/good');
  const found = await findPython(['/nowhere/python', old, good], bin);
  assert.deepEqual(found, { path: '/usr/bin/good', version: '3.12.3' });
  assert.equal(await findPython([old], bin), undefined);
});

test('a real Python on this machine answers', async () => {
  const found = await findPython(['python3', 'python3.11', 'python3.12', 'python3.13'], root);
  assert.ok(found === undefined || isNewEnough(found.version));
});

test("a chiron on PATH is taken if it is ours, and relative entries of PATH are not looked at", async () => {
  const bin = folder();
  const other = folder();
  program(other, 'chiron', 'Chiron the game');
  const ours = program(bin, 'chiron', 'chiron, version 0.1.0');
  const found = await installedServer('', ['.', 'bin', other, bin].join(delimiter), bin);
  assert.equal(found?.command, ours);
  assert.equal(await installedServer('', ['.', '', 'bin'].join(delimiter), bin), undefined);
});

test('a serverPath that leads nowhere, or is relative, is said and not passed over', async () => {
  await assert.rejects(installedServer('/nowhere/chiron', '', root), SetupError);
  await assert.rejects(installedServer('bin/chiron', '', root), /not an absolute path/);
});

test('an environment is made once for one wheel and again for another', async () => {
  const storage = folder();
  const wheel = wheelIn(folder());
  assert.equal(await privateServer(storage, wheel), undefined);
  const made = await makeEnvironment(plan(storage, wheel).plan, succeeds);
  assert.ok(made.isPrivate);
  assert.deepEqual(made.args, ['-I', '-m', 'chiron']);
  assert.deepEqual(await privateServer(storage, wheel), made);
  const again = plan(storage, wheel);
  await makeEnvironment(again.plan, succeeds);
  assert.deepEqual(again.steps, []);
  assert.equal(await privateServer(storage, wheelIn(folder())), undefined);
});

test('asking for the model makes the environment again, with it', async () => {
  const storage = folder();
  const wheel = wheelIn(folder());
  await makeEnvironment(plan(storage, wheel).plan, succeeds);
  assert.deepEqual(await installedExtras(storage), []);
  const asked: string[] = [];
  const watched: Run = (command, args, options) => {
    asked.push(args.join(' '));
    return succeeds(command, args, options);
  };
  await makeEnvironment(plan(storage, wheel, ['local']).plan, watched);
  assert.ok(asked.at(-1)?.endsWith('.whl[local]'));
  assert.deepEqual(await installedExtras(storage), ['local']);
});

test('two windows that install at the same time install once', async () => {
  const storage = folder();
  const wheel = wheelIn(folder());
  const plans = [plan(storage, wheel), plan(storage, wheel)];
  await Promise.all(plans.map((each) => makeEnvironment(each.plan, succeeds)));
  assert.deepEqual(plans.map(({ steps }) => steps.length).sort(), [0, 2]);
  assert.ok(!existsSync(join(storage, 'environment.lock')));
});

test('what failed half-way does not count as made, and each failure says what to do', async () => {
  const storage = folder();
  const wheel = wheelIn(folder());
  const fails = async (word: string, stderr: string): Promise<SetupError> => {
    const error: unknown = await makeEnvironment(plan(storage, wheel).plan, failsAt(word, stderr)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof SetupError);
    assert.equal(await privateServer(storage, wheel), undefined);
    return error;
  };
  assert.match((await fails('venv', 'ensurepip is not available')).advice, /python3-venv/);
  assert.match((await fails('venv', 'boom')).advice, /log/);
  assert.match((await fails('pip', 'NewConnectionError: [Errno 111]')).message, /downloaded/);
  assert.match((await fails('pip', 'No space left on device')).message, /room/);
  assert.match((await fails('pip', 'boom')).advice, /log/);
});

test('cancelling is said as such', async () => {
  const stop = new AbortController();
  stop.abort();
  const all = { ...plan(folder(), wheelIn(folder())).plan, signal: stop.signal };
  await assert.rejects(makeEnvironment(all, failsAt('venv', '')), /cancelled/);
});

test('the newest wheel in the package is taken, and none is said in plain words', async () => {
  const bundled = folder();
  await assert.rejects(bundledWheel(bundled), /carries no server/);
  const wheel = wheelIn(bundled);
  assert.equal(await bundledWheel(bundled), wheel);
});

test('a program that is not there fails instead of throwing', async () => {
  const result = await run('/nowhere/program', [], { cwd: root, timeoutMs: 1000 });
  assert.equal(result.ok, false);
  assert.match(result.stderr, /ENOENT/);
});
