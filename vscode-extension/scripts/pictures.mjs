/** Keeps the pictures of the last end-to-end run as the README's and the walkthrough's. */

import { copyFileSync, mkdirSync } from 'node:fs';

mkdirSync('media/walkthrough', { recursive: true });
for (const name of ['ghost', 'alternatives', 'why', 'menu', 'report']) {
  copyFileSync(`out/e2e/pictures/${name}.png`, `media/walkthrough/${name}.png`);
}
copyFileSync('out/e2e/pictures/ghost.png', '../.github/pictures/ghost.png');
