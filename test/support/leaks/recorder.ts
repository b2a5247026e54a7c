import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { redact } from "../../../src/platform/redact.ts";
import { projectPath } from "../projectRoot.ts";

/** What a recorder noted: a URL that was requested, a line of the console … */
export interface Note {
  readonly place: string;
  readonly text: string;
}

/** Reads what the recorders of all extension hosts of a server have noted. */
export interface Recorder {
  /** What is new since the last call. */
  read(): Note[];
}

/**
 * Puts the recorder before the installed extension, in windows that are opened from now on, for as long as the server runs.
 * @param extensionsDir where the extension is installed
 * @param folder where the recorder writes, which no hunt searches
 */
export function installRecorder(extensionsDir: string, folder: string): Recorder {
  mkdirSync(folder, { recursive: true });
  putBefore(extensionsDir, "recorder", (main) => ({ folder, main, redaction: firstRedaction() }));
  return readRecorder(folder);
}

/** Puts before the installed extension what lets a token out wherever a hunt has to notice it; see planter.cjs. */
export function installPlanter(extensionsDir: string): void {
  putBefore(extensionsDir, "planter", (main) => ({ main }));
}

/** Makes `name.cjs` the main file of the extension, which loads the one before; VS Code has to find the name unchanged. */
function putBefore(extensionsDir: string, name: "recorder" | "planter", options: (main: string) => object): void {
  const [entry, ...others] = globSync("chatgpt-sign-in.*/dist/extension.cjs", { cwd: extensionsDir });
  assert.ok(entry !== undefined && others.length === 0, "exactly one installed extension is needed");
  const main = join(extensionsDir, entry);
  const behind = `behind-${name}.cjs`;
  if (existsSync(join(dirname(main), behind))) return;
  renameSync(main, join(dirname(main), behind));
  write(main, name, options(`./${behind}`));
}

function write(file: string, name: "recorder" | "planter", options: object): void {
  copyFileSync(projectPath("test", "support", "leaks", `${name}.cjs`), file);
  writeFileSync(join(dirname(file), `${name}.json`), JSON.stringify(options));
}

/**
 * Writes the recorder as the main file `file`.
 * @param folder where it writes
 * @param main what it loads, relative to its own folder
 */
export function writeRecorder(
  file: string,
  { folder, main }: { readonly folder: string; readonly main: string },
): void {
  mkdirSync(folder, { recursive: true });
  write(file, "recorder", { folder, main, redaction: firstRedaction() });
}

/** Reads what recorders write into a folder, from now on. */
export function readRecorder(folder: string): Recorder {
  const seen = new Map<string, number>();
  const read = () =>
    readdirSync(folder).flatMap((name) => {
      const text = readFileSync(join(folder, name), "utf8");
      // A line may be half written.
      const whole = text.slice(seen.get(name) ?? 0, text.lastIndexOf("\n") + 1);
      seen.set(name, (seen.get(name) ?? 0) + whole.length);
      const lines = whole.split("\n").filter(Boolean);
      return lines.map((line) => JSON.parse(line) as Note);
    });
  read();
  return { read };
}

/** The pattern of the first replacement with which a line of the log is redacted. */
function firstRedaction(): string {
  const patterns: string[] = [];
  const { replace } = String.prototype;
  String.prototype.replace = function (this: string, ...args: Parameters<typeof replace>) {
    const [pattern] = args;
    if ((pattern as unknown) instanceof RegExp) patterns.push((pattern as unknown as RegExp).source);
    return Reflect.apply(replace, this, args);
  } as typeof replace;
  try {
    redact("a line");
  } finally {
    String.prototype.replace = replace;
  }
  return patterns[0] ?? assert.fail("The log is not redacted");
}
