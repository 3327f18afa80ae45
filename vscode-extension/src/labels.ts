/**
 * What can be wrong with a suggestion; the letter picks it.
 *
 * Labels, letters and words are those of the review page (`server/chiron/review/verdicts.py`), so that a report
 * from the editor and a verdict there are the same thing.
 */

export const LABELS = [
  { label: 'wrong_module', key: 'm', words: 'Wrong module', meaning: 'Another module does this.' },
  { label: 'wrong_option', key: 'o', words: 'Wrong option', meaning: 'Right module, but an option is missing or too many.' },
  { label: 'wrong_value', key: 'v', words: 'Wrong value', meaning: 'Right options, with a wrong value.' },
  { label: 'invented', key: 'i', words: 'Invented', meaning: 'It names something that does not exist here.' },
  { label: 'unsafe', key: 'u', words: 'Unsafe', meaning: 'It does harm, opens something up or shows a secret.' },
  { label: 'style', key: 's', words: 'Style', meaning: 'It works, but nobody here writes it like that.' },
  { label: 'not_needed', key: 'n', words: 'Not needed', meaning: 'Nothing should have been suggested here.' },
] as const;
