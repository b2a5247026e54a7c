import { redact } from "./redact.ts";

/** Where lines are written; `vscode.LogOutputChannel` is one. */
export interface LogSink {
  debug(line: string): void;
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
}

/** A log whose every line is redacted. Log what happened, not values. */
export type Logger = Readonly<LogSink>;

/** Creates a logger whose sink is made with the first line. */
export function createLogger(sink: () => LogSink): Logger {
  return {
    debug: (line) => sink().debug(redact(line)),
    info: (line) => sink().info(redact(line)),
    warn: (line) => sink().warn(redact(line)),
    error: (line) => sink().error(redact(line)),
  };
}

/** Describes a thrown value for the log: its name and code. Its message may contain anything, so it is left out. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  const detail = "detail" in error && typeof error.detail === "string" ? ` (${error.detail})` : "";
  return `${error.name}${code}${detail}`;
}
