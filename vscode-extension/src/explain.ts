/** Explanations, shown beside the editor while they are written. */

import { ProgressType } from 'vscode-languageclient';
import type { LanguageClient, Middleware } from 'vscode-languageclient/node';
import { EXPLAIN_COMMAND, isRecord } from './protocol.js';

/** Shows the Markdown of a page that may be shown already. */
export type ShowPage = (markdown: string) => Promise<void>;

/** Runs the server's command with a token, under which it tells each sentence as soon as it is whole. */
export function explainMiddleware(client: () => LanguageClient | undefined, show: ShowPage): Middleware {
  let n = 0;
  return {
    executeCommand: async (command, args: readonly unknown[], next): Promise<unknown> => {
      const current = client();
      const [argument] = args;
      if (command !== EXPLAIN_COMMAND || !current || !isRecord(argument)) {
        return next(command, [...args]) as unknown;
      }
      n += 1;
      const token = `chiron-explain-${String(n)}`;
      let text = '';
      const following = current.onProgress(new ProgressType<string>(), token, (piece) => {
        text += piece;
        void show(text);
      });
      try {
        await show('…');
        const whole: unknown = await next(command, [{ ...argument, partialResultToken: token }]);
        if (typeof whole === 'string' && whole !== text) {
          await show(whole);
        }
        return whole;
      } finally {
        following.dispose();
      }
    },
  };
}
