import assert from "node:assert/strict";
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectPath } from "./projectRoot.ts";

/** What a call of the secret storage meets. Of several that fit, the first that is not used up counts. */
export type SecretFault = {
  /** The secrets that it is about. */
  key: RegExp;
  /** How many calls it hits; absent: every one. */
  times?: number;
} & (
  | { call: "get"; kind: "nothing" | "older" | "rejects" | "silent" }
  | { call: "store"; kind: "rejects" | "silent" | "lost" | "landed" }
  | { call: "delete"; kind: "rejects" | "silent" }
  | { call: "event"; kind: "never" }
  | { call: "get" | "store" | "delete" | "event"; kind: "late"; ms: number }
);

/** The faulty secret storage of an installed extension, see faultySecretStorage.cjs. */
export interface FaultySecrets {
  /** From the next call on. None: it works. */
  misbehave(...faults: SecretFault[]): void;
  /** Forgets all secrets, faults and calls. */
  reset(): void;
  /** What is stored, by key. */
  stored(): ReadonlyMap<string, string>;
  /** The faults that calls have met since the last reset, such as `get accounts nothing`. */
  met(): string[];
}

/**
 * Puts a faulty secret storage before the extension in `extensionsDir`, of which nothing but the `main` of its
 * package.json is changed. To be called before a window is opened.
 * @param folder where the secrets and the faults are kept
 */
export function installFaultySecrets(extensionsDir: string, folder: string): FaultySecrets {
  const [manifestFile, ...others] = globSync("chatgpt-sign-in.*/package.json", { cwd: extensionsDir }).map((name) =>
    join(extensionsDir, name),
  );
  assert.ok(manifestFile !== undefined && others.length === 0, "exactly one installed extension is needed");
  const installed = dirname(manifestFile);
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as { main: string };
  const shim = "faultySecretStorage.cjs";
  copyFileSync(projectPath("test", "support", shim), join(installed, shim));
  writeFileSync(join(installed, "faultySecretStorage.json"), JSON.stringify({ folder, main: manifest.main }));
  writeFileSync(manifestFile, JSON.stringify({ ...manifest, main: `./${shim}` }));

  const fileOf = (name: string) => join(folder, name);
  const textOf = (name: string) => {
    try {
      return readFileSync(fileOf(name), "utf8");
    } catch {
      return "";
    }
  };
  const reset = () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  };
  reset();
  return {
    reset,
    misbehave(...faults) {
      const plain = faults.map((fault) => ({ ...fault, key: fault.key.source }));
      writeFileSync(fileOf("faults.json"), JSON.stringify(plain));
    },
    stored() {
      const secrets = JSON.parse(textOf("secrets.json") || "{}") as Record<string, { value?: string }>;
      return new Map(
        Object.entries(secrets).flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value]])),
      );
    },
    met() {
      const lines = textOf("calls.jsonl").trim().split("\n").filter(Boolean);
      return lines
        .map((line) => JSON.parse(line) as { call: string; key: string; kind: string })
        .flatMap(({ call, key, kind }) => (kind === "none" ? [] : [`${call} ${key.split(".")[0]} ${kind}`]));
    },
  };
}
