/**
 * What the extension and the server say to each other beyond LSP.
 *
 * The server's side is `server/chiron/lsp/protocol.py`. Positions and lengths are in UTF-16 units, as in the
 * rest of the connection.
 */

export const METHODS = {
  event: 'chiron/event',
  status: 'chiron/status',
  why: 'chiron/why',
  report: 'chiron/report',
  pause: 'chiron/pause',
  suggestAt: 'chiron/suggestAt',
  info: 'chiron/info',
  models: 'chiron/models',
  useModel: 'chiron/useModel',
} as const;

/** The command an inline completion item carries. It runs after a whole accept, and after nothing else. */
export const ACCEPTED_COMMAND = 'chiron.accepted';

/** The server's command that explains what stands at a place. */
export const EXPLAIN_COMMAND = 'chiron.explain';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export type Evidence = 'confirmed' | 'observed' | 'inferred';

export type EventKind = 'accepted' | 'accepted_part' | 'rejected' | 'moved_away' | 'shown';

/** Something that happened to a suggestion which the document's changes alone do not tell. */
export interface SuggestionEvent {
  readonly suggestionId: string;
  readonly uri?: string;
  readonly kind: EventKind;
  readonly evidence: Evidence;
  /** `accepted_part`: how much of the suggestion now stands in the document, counted from its start. */
  readonly acceptedLength?: number;
  /** `moved_away`: whether the cursor left the place, or the person left the editor. */
  readonly reason?: 'cursor' | 'editor';
}

export type ServerState = 'ready' | 'paused' | 'problem';

export interface Status {
  readonly state: ServerState;
  readonly model: string | null;
  readonly endpoint: string | null;
  readonly leavesMachine: boolean;
  readonly message?: string | null;
  readonly advice?: string | null;
}

/** One reason to believe a suggestion. `kind` is `module`, `task`, `fact` or `model`. */
export interface Ground {
  readonly kind: string;
  readonly what: string;
  readonly where?: string | null;
  readonly detail?: string | null;
}

export interface Why {
  readonly id: string;
  readonly text: string;
  readonly source: string;
  readonly model: string | null;
  readonly module: string | null;
  readonly grounds: readonly Ground[];
  readonly stageMs: Readonly<Record<string, number>>;
  /** Exactly what was sent to the model, redacted; empty where none was asked. */
  readonly sent: string;
  readonly outcome: string | null;
  /** What the module's documentation says it does, in a line. */
  readonly moduleAbout?: string | null;
}

export interface Alternative {
  readonly id: string;
  readonly text: string;
  readonly range: Range;
  readonly module: string | null;
  readonly source: string;
  readonly model: string | null;
  readonly grounds: readonly Ground[];
}

export interface Withheld {
  readonly reason: string;
  readonly detail: string;
}

export interface Alternatives {
  readonly suggestions: readonly Alternative[];
  readonly withheld: readonly Withheld[];
}

export interface Info {
  readonly version: string;
  readonly python: string;
  readonly ansible: readonly { readonly path: string; readonly version: string; readonly why: string }[];
  readonly model: string | null;
  readonly endpoint: string | null;
  readonly leavesMachine: boolean;
  readonly feedbackPath: string | null;
  readonly cachePath: string | null;
  readonly logPath: string | null;
  /** Program and arguments that open the review of the log. */
  readonly reviewCommand: readonly string[] | null;
}

export interface ModelChoice {
  readonly name: string;
  readonly model: string | null;
  readonly endpoint: string | null;
  readonly leavesMachine: boolean;
  readonly active: boolean;
}

/** What the editor may set in the server. Endpoints, keys and programs never travel this way. */
export interface InitializationOptions {
  readonly clientCommands: true;
  readonly suggest: Readonly<Record<string, unknown>>;
  readonly feedback: { readonly exclude: readonly string[] };
  readonly diagnostics: Readonly<Record<string, unknown>>;
}

/** The id in an item's command, or undefined where the command is not ours. */
export function suggestionIdOf(command: unknown): string | undefined {
  if (!isRecord(command) || command['command'] !== ACCEPTED_COMMAND || !Array.isArray(command['arguments'])) {
    return undefined;
  }
  const argument: unknown = command['arguments'][0];
  const id = isRecord(argument) ? argument['suggestionId'] : undefined;
  return typeof id === 'string' && id !== '' ? id : undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
