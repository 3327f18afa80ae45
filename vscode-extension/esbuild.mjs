/**
 * Builds `dist/extension.js` and the licences of what is bundled into it; with `--tests`, the unit tests into
 * `out/unit/`.
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/** @type {import('esbuild').BuildOptions} */
const shared = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };

if (process.argv.includes('--tests')) {
  await build({
    ...shared,
    entryPoints: readdirSync('test/unit').filter((name) => name.endsWith('.test.ts')).map((name) => `test/unit/${name}`),
    outdir: 'out/unit',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    sourcemap: 'inline',
  });
} else {
  const { metafile } = await build({
    ...shared,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    format: 'cjs',
    external: ['vscode'],
    minify: true,
    metafile: true,
  });
  writeFileSync('dist/THIRD_PARTY_NOTICES.txt', notices(Object.keys(metafile.inputs)));
}

/**
 * The licence text of every package that a bundled file comes from. Throws where a package has none.
 *
 * @param {string[]} files
 */
function notices(files) {
  const packages = new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  return [...packages]
    .sort()
    .map((name) => {
      const folder = join('node_modules', name);
      const manifest = /** @type {{ version: string, license: string }} */ (
        JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      );
      const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file)) ?? '';
      if (!existsSync(join(folder, licence)) || licence === '') {
        throw new Error(`${name} ships no licence text`);
      }
      const text = readFileSync(join(folder, licence), 'utf8').trim();
      return `${name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
