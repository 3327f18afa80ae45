import { chromium } from 'playwright-core';
import { install } from './install.js';
import { Lab, sleep } from './lab.js';
import { Window } from './window.js';

const installed = install();
const browser = await chromium.launch({ executablePath: installed.chromium, args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'] });
const lab = await Lab.start(installed);
try {
  lab.write('cold.yml', '- hosts: all\n  tasks:\n    ');
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const t0 = Date.now();
  const w = await Window.open(lab, page, 'cold.yml');
  console.log('open', Date.now() - t0);
  await w.focus('cold.yml');
  await w.press('Control+End');
  await w.type('- name: Fetch the lyrebird');
  try { console.log('ghost:', JSON.stringify(await w.ghost('', 40000)), Date.now() - t0); } catch (e) { console.log(String(e)); }
  await sleep(1000);
  await page.screenshot({ path: '/tmp/e1.png' });
  console.log(await w.status());
  await w.press('Tab');
  await sleep(500);
  await page.screenshot({ path: '/tmp/e2.png' });
  await w.save();
  console.log(lab.read('cold.yml'));
  await sleep(1500);
  console.log(JSON.stringify(await lab.rows('cold.yml'), null, 1));
  console.log(lab.output);
} finally {
  await lab.stop();
  await browser.close();
}
