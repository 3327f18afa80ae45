/** Why a suggestion was made, written out for a person. Nothing here imports `vscode`. */

import type { Alternative, Ground, Why } from './protocol.js';

const SOURCES: Readonly<Record<string, string>> = {
  cache: 'an earlier answer, kept on this machine',
  model: 'the model',
};

const GROUND_TITLES: Readonly<Record<string, string>> = {
  module: 'Module documentation',
  task: 'Similar tasks',
  fact: 'What it goes by',
  model: 'Model',
  learned: 'What was kept and refused here',
};

/** The whole page: the suggestion, where it came from, why it is believed, what it cost, what was sent. */
export function whyPage(why: Why): string {
  return [
    '# Why this?',
    fenced(dedented(why.text), 'yaml'),
    `It came from **${source(why.source, why.model, why.grounds)}**.` + (why.outcome ? ` What became of it: **${escape(why.outcome)}**.` : ''),
    ...(why.module
      ? [`Its module is \`${code(why.module)}\`${about(why)}. Chiron checked it against the module's documentation on this machine.`]
      : []),
    ...groundSections(why.grounds),
    ...stageSection(why.stageMs),
    '## What was sent to a model',
    why.sent === ''
      ? 'Nothing. No model was asked.'
      : `This text and no other, with secrets replaced by placeholders:\n\n${fenced(why.sent, 'text')}`,
    `Suggestion id: \`${code(why.id)}\``,
  ].join('\n\n');
}

/** What was sent for the last request, as a page. */
export function sentPage(why: Why | null): string {
  if (why === null) {
    return '# What was sent last\n\nNothing was suggested yet in this window.';
  }
  return why.sent === ''
    ? `# What was sent last\n\nNothing. The last suggestion came from ${source(why.source, null, why.grounds)}; no model was asked.`
    : `# What was sent last\n\nTo the model ${escape(why.model ?? '')}, with secrets replaced by placeholders:\n\n${fenced(why.sent, 'text')}`;
}

/** A few lines for a hover. */
export function whyHover(why: Why): string {
  const tasks = why.grounds.filter((ground) => ground.kind === 'task');
  return [
    `**Chiron** suggested this from ${source(why.source, why.model, why.grounds)}.`,
    ...(why.module ? [`Module: \`${code(why.module)}\`${versionOf(why)}`] : []),
    ...(tasks.length > 0 ? [`Similar: ${tasks.slice(0, 3).map(groundLine).join('; ')}`] : []),
    why.sent === '' ? 'Nothing was sent to a model.' : 'Its request to the model can be read in full.',
  ].join('\n\n');
}

/** One line about an alternative, for a list. */
export function alternativeLine(alternative: Alternative): string {
  const about = alternative.grounds.find((ground) => ground.kind === 'task');
  const from = source(alternative.source, alternative.model, alternative.grounds);
  return about ? `from ${from}: ${about.what}` : `from ${from}`;
}

function source(name: string, model: string | null, grounds: readonly Ground[]): string {
  const words = name === 'recall' ? recalledFrom(grounds) : (SOURCES[name] ?? name);
  return name === 'model' && model ? `the model ${escape(model)}` : escape(words);
}

/** Nothing is called a task that somebody wrote but one that somebody did. */
function recalledFrom(grounds: readonly Ground[]): string {
  const task = grounds.find(({ kind }) => kind === 'task');
  if (task) {
    return task.detail === 'examples' ? "an example in a module's documentation" : 'a task that was already written';
  }
  return grounds.find(({ kind }) => kind === 'fact')?.what ?? 'what is installed and used here';
}

/** What the module does, in its documentation's words. */
function about(why: Why): string {
  const words = (why.moduleAbout ?? '').trim().replace(/\.$/, '');
  return words === '' ? '' : `: ${escape(words)}`;
}

function versionOf(why: Why): string {
  const module = why.grounds.find((ground) => ground.kind === 'module');
  return module?.detail ? ` (${escape(module.detail)})` : '';
}

function groundSections(grounds: readonly Ground[]): string[] {
  const kinds = [...new Set(grounds.map((ground) => ground.kind))];
  return kinds.flatMap((kind) => [
    `## ${GROUND_TITLES[kind] ?? escape(kind)}`,
    grounds
      .filter((ground) => ground.kind === kind)
      .map((ground) => `- ${groundLine(ground)}`)
      .join('\n'),
  ]);
}

function groundLine(ground: Ground): string {
  const where = ground.where ? ` in ${escape(ground.where)}` : '';
  const detail = ground.detail ? ` (${escape(ground.detail)})` : '';
  return `${escape(ground.what)}${where}${detail}`;
}

function stageSection(stageMs: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(stageMs).map(([stage, ms]) => `| ${escape(stage)} | ${ms.toFixed(1)} |`);
  return rows.length === 0 ? [] : ['## Time', ['| stage | ms |', '|---|---:|', ...rows].join('\n')];
}

/** Text of somebody else's, with everything that Markdown or HTML would act on taken out of action. */
export function escape(text: string): string {
  return text
    .replace(/[\\`*_{}[\]()#+!|~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\s*\n\s*/g, ' ');
}

function code(text: string): string {
  return text.replaceAll('`', '').replace(/\s+/g, ' ');
}

/** `text` without the white space that all of its lines begin with. */
function dedented(text: string): string {
  const lines = text.split('\n');
  const indents = lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length);
  return lines.map((line) => line.slice(Math.min(...indents))).join('\n');
}

/** A fenced block that its content cannot close. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n+$/, '').replace(/^\n+/, '')}\n${fence}`;
}
