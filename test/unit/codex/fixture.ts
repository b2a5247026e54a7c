import assert from "node:assert/strict";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Credential } from "../../../src/account/credential.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { createServices, type ServicesOptions, type TestServices } from "../../support/services.ts";
import { temporaryFolder } from "./authFile/temporaryFolder.ts";

/** Writes a program into a folder that acts as the Codex CLI in this way (see fakeCli.ts). Resolves with its path. */
export async function writeFakeCli(folder: string, behaviour: string, issuer: string): Promise<string> {
  const program = join(folder, `codex-${behaviour}`);
  const script = join(import.meta.dirname, "fakeCli.ts");
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${script}" ${behaviour} ${issuer} "$@"\n`);
  await chmod(program, 0o700);
  return program;
}

/** A home of the Codex CLI for each test, and windows beside it. Registers its own hooks in the surrounding suite. */
export function useCodexFixture() {
  const folder = temporaryFolder();
  const home = () => join(folder(), ".codex");
  const file = () => join(home(), "auth.json");
  let issuer: TestIssuer;
  let windows: TestServices[];

  before(async () => {
    issuer = await startIssuer();
  });
  after(async () => issuer.close());
  beforeEach(async () => {
    windows = [];
    await mkdir(home());
  });
  afterEach(async () => {
    for (const window of windows) await window.dispose();
    issuer.faults.clear();
  });

  /** A window whose Codex CLI behaves in this way; with "none" there is none. */
  async function openWindow(behaviour: string, change: Partial<ServicesOptions> = {}): Promise<TestServices> {
    const program = await writeFakeCli(folder(), behaviour, issuer.origin);
    const window = await createServices({
      issuer: issuer.origin,
      codex: {
        userHome: folder(),
        environment: { HOME: folder(), PATH: "/nowhere" },
        codexPath: () => (behaviour === "none" ? "" : program),
      },
      ...change,
    });
    windows.push(window);
    await window.accounts.load();
    return window;
  }

  return {
    folder,
    /** The folder of the Codex CLI. */
    home,
    /** Its login file. */
    file,
    issuer: () => issuer,
    openWindow,
    tokensInFile: async () => JSON.parse(await readFile(file(), "utf8")).tokens,
  };
}

/** The record of the active account. */
export function credentialOf(window: TestServices): Credential {
  const entry = window.accounts.entry();
  assert.ok(entry);
  return entry.credential;
}
