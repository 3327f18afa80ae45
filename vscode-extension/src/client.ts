/**
 * The server's process and the connection to it.
 *
 * A server that dies is started again, up to four times in three minutes; after that a person is asked.
 */

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  State,
} from 'vscode-languageclient/node';
import {
  type Alternatives,
  type Info,
  type InitializationOptions,
  METHODS,
  type ModelChoice,
  type Position,
  type Status,
  type SuggestionEvent,
  type Why,
} from './protocol.js';
import type { ServerCommand } from './python.js';
import type { ShownStatus } from './words.js';

export interface Launch {
  readonly server: ServerCommand;
  readonly environment: NodeJS.ProcessEnv;
  readonly initializationOptions: InitializationOptions;
}

const OFF: ShownStatus = { state: 'off', model: null, endpoint: null, leavesMachine: false };
const RESTARTS = { atMost: 4, withinMs: 180_000 } as const;

export class Session implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private readonly deaths: number[] = [];
  private readonly statusChanged = new vscode.EventEmitter<ShownStatus>();
  readonly onStatus = this.statusChanged.event;
  private readonly started = new vscode.EventEmitter<void>();
  /** A server answers: the first one, or one that took a dead one's place. */
  readonly onStarted = this.started.event;
  private lastStatus: ShownStatus = OFF;
  private hasFeatures = false;

  constructor(
    private readonly log: vscode.LogOutputChannel,
    private readonly middleware: Middleware,
  ) {}

  get status(): ShownStatus {
    return this.lastStatus;
  }

  /** Whether what is asked of the editor reaches the server: it runs, and its features are registered. */
  get isServing(): boolean {
    return this.isRunning && this.hasFeatures;
  }

  get isRunning(): boolean {
    return this.client?.state === State.Running;
  }

  /** The connection as it is now, for what is asked beside the editor's own requests. */
  get languageClient(): LanguageClient | undefined {
    return this.client;
  }

  /** Shows a state that is known here and not by the server. */
  show(status: Partial<ShownStatus> & Pick<ShownStatus, 'state'>): void {
    this.lastStatus = { ...OFF, ...status };
    this.statusChanged.fire(this.lastStatus);
  }

  /** Starts the server and waits until it answers. One that runs already is stopped first. */
  async start(launch: Launch): Promise<void> {
    await this.stop();
    this.show({ state: 'starting' });
    const { command, args, origin } = launch.server;
    this.log.info(`Starting ${command} (${origin})`);
    const executable = { command, args: [...args, 'serve', '--stdio'], options: { env: launch.environment } };
    const client = new LanguageClient('chiron', 'Chiron', executable, this.options(launch));
    this.client = client;
    client.onNotification(METHODS.status, (status: Status) => {
      this.lastStatus = status;
      this.statusChanged.fire(status);
    });
    client.onDidChangeState(({ newState }) => {
      // What the person is shown stays "starting" until the server says for itself that it is ready.
      this.hasFeatures = false;
      if (newState === State.Running) {
        // The state comes before the features; the promise of the start in progress comes after.
        client.start().then(
          () => {
            this.hasFeatures = true;
            this.started.fire();
          },
          () => undefined,
        );
      }
    });
    await client.start();
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client && client.state !== State.Stopped) {
      await client.stop(5000).catch((error: unknown) => {
        this.log.warn(`The server did not stop by itself: ${String(error)}`);
      });
    }
    await client?.dispose().catch(() => undefined);
    this.show({ state: 'off' });
  }

  /** Tells the server what happened to a suggestion. Lost without harm where no server runs. */
  tell(event: SuggestionEvent): void {
    this.notify(METHODS.event, event);
  }

  report(suggestionId: string, label: string, note: string): void {
    this.notify(METHODS.report, { suggestionId, label, ...(note === '' ? {} : { note }) });
  }

  why(suggestionId?: string): Promise<Why | null> {
    return this.ask(METHODS.why, suggestionId === undefined ? {} : { suggestionId });
  }

  pause(paused: boolean, scope: string): Promise<Status> {
    return this.ask(METHODS.pause, { paused, scope });
  }

  suggestAt(uri: string, position: Position, n: number, token?: vscode.CancellationToken): Promise<Alternatives> {
    return this.ask(METHODS.suggestAt, { uri, position, n }, token);
  }

  info(): Promise<Info> {
    return this.ask(METHODS.info, {});
  }

  models(): Promise<ModelChoice[]> {
    return this.ask(METHODS.models, {});
  }

  useModel(name: string): Promise<Status> {
    return this.ask(METHODS.useModel, { name });
  }

  /** The URI as the server knows it. */
  uriOf(uri: vscode.Uri): string {
    return this.client?.code2ProtocolConverter.asUri(uri) ?? uri.toString();
  }

  dispose(): void {
    void this.stop();
    this.statusChanged.dispose();
    this.started.dispose();
  }

  private notify(method: string, params: object): void {
    const client = this.client;
    if (client?.state === State.Running) {
      client.sendNotification(method, params).catch((error: unknown) => {
        this.log.warn(`${method} was not sent: ${String(error)}`);
      });
    }
  }

  private async ask<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T> {
    if (this.client?.state !== State.Running) {
      throw new Error('The Chiron server is not running. "Chiron: Restart Server" starts it.');
    }
    // Without a token there must be no argument in its place: it would be sent as a second parameter.
    return token ? this.client.sendRequest<T>(method, params, token) : this.client.sendRequest<T>(method, params);
  }

  private options(launch: Launch): LanguageClientOptions {
    const languages = ['ansible', 'yaml'];
    const schemes = ['file', 'untitled'];
    return {
      documentSelector: languages.flatMap((language) => schemes.map((scheme) => ({ language, scheme }))),
      initializationOptions: launch.initializationOptions,
      outputChannel: this.log,
      middleware: this.middleware,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.died(),
      },
      initializationFailedHandler: (error: unknown) => {
        this.log.error(`The server refused to start: ${String(error)}`);
        return false;
      },
    };
  }

  private died(): { action: CloseAction; handled: true } {
    const now = Date.now();
    this.deaths.push(now);
    const recent = this.deaths.filter((at) => now - at < RESTARTS.withinMs).length;
    if (recent <= RESTARTS.atMost) {
      this.log.warn('The server ended unexpectedly. It is started again.');
      this.show({ state: 'starting' });
      return { action: CloseAction.Restart, handled: true };
    }
    this.deaths.length = 0;
    this.show({
      state: 'problem',
      message: 'The Chiron server keeps ending.',
      advice: 'The log says why. "Chiron: Restart Server" tries again.',
    });
    return { action: CloseAction.DoNotRestart, handled: true };
  }
}
