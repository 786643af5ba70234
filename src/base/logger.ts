/** Where the product writes what it did. Implementations redact: a token never reaches a log. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Progress of a long job, shown where it happens. `fraction` runs from 0 to 1 and is absent while unknown. */
export interface Progress {
  readonly message: string;
  readonly fraction?: number;
}

export type ReportProgress = (progress: Progress) => void;
