import { redact } from "./redact.ts";

/** Where lines end up; `vscode.LogOutputChannel` is one. */
export interface LogSink {
  debug(line: string): void;
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** A log whose every line is redacted. Log shapes and outcomes, not values. */
export type Logger = Readonly<LogSink>;

/** A logger over a sink that is made on the first line, not before. */
export function createLogger(sink: () => LogSink): Logger {
  return {
    debug: (line) => sink().debug(redact(line)),
    info: (line) => sink().info(redact(line)),
    warn: (line) => sink().warn(redact(line)),
    error: (line) => sink().error(redact(line)),
  };
}

/** What may be said of a thrown value: its kind and code. Messages of others can hold anything, so they stay out. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  const detail = "detail" in error && typeof error.detail === "string" ? ` (${error.detail})` : "";
  return `${error.name}${code}${detail}`;
}
