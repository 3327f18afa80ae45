/**
 * Puts what a package carries from elsewhere in the project into place: the licence and the server's wheel.
 *
 * `CHIRON_WHEEL` names a wheel that is built already. Otherwise one is built with `CHIRON_BUILD_PYTHON`, or
 * with the first Python that has pip.
 */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = dirname(dirname(fileURLToPath(import.meta.url)));
const project = dirname(extension);
const bundled = join(extension, 'bundled');

copyFileSync(join(project, 'LICENSE'), join(extension, 'LICENSE'));
rmSync(bundled, { recursive: true, force: true });
mkdirSync(bundled);

const built = process.env['CHIRON_WHEEL'];
if (built) {
  copyFileSync(built, join(bundled, basename(built)));
} else {
  const named = process.env['CHIRON_BUILD_PYTHON'];
  const python = (named ? [named] : ['python3', 'python']).find(hasPip);
  if (!python) {
    console.error('No Python with pip was found to build the server with. Name one in CHIRON_BUILD_PYTHON.');
    process.exit(1);
  }
  execFileSync(python, ['-m', 'pip', 'wheel', '--quiet', '--disable-pip-version-check', '--no-deps', '-w', bundled, project], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
console.log(`bundled ${readdirSync(bundled).join(', ')}`);

/** @param {string} python */
function hasPip(python) {
  try {
    execFileSync(python, ['-m', 'pip', '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
