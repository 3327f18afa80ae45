/** Whether a person waits for a suggestion just now, for longer than goes unnoticed. Nothing here imports `vscode`. */

/** An answer sooner than this is not worth a word. */
export const NOTICED_AFTER_MS = 300;

/** Runs something later, and gives what takes that back. */
export type After = (ms: number, run: () => void) => () => void;

const later: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => {
    clearTimeout(timer);
  };
};

export class Thinking {
  private nAsked = 0;
  private isNoticed = false;
  private cancel: (() => void) | undefined;

  /** `changed` is called when it begins and when it ends. */
  constructor(
    private readonly changed: () => void,
    private readonly after: After = later,
  ) {}

  get isThinking(): boolean {
    return this.isNoticed;
  }

  /** What `work` gives; meanwhile somebody waits. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.nAsked += 1;
    this.cancel ??= this.after(NOTICED_AFTER_MS, () => {
      this.isNoticed = true;
      this.changed();
    });
    try {
      return await work();
    } finally {
      this.nAsked -= 1;
      if (this.nAsked === 0) {
        this.end();
      }
    }
  }

  private end(): void {
    this.cancel?.();
    this.cancel = undefined;
    if (this.isNoticed) {
      this.isNoticed = false;
      this.changed();
    }
  }
}
