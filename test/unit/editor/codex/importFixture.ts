import assert from "node:assert/strict";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { IssuedTokens } from "../../../issuer/login.ts";
import type { MemorySecrets } from "../../../support/memorySecrets.ts";
import { assertNeverShown, settingOf, willAnswer } from "../../../support/vscodeStub/stub.ts";
import { authFileText, useCodexEditor } from "./fixture.ts";

export const here = "Codex CLI on This Computer";
/** A key that the API of these tests accepts. */
export const ownKey = "sk-ownKeyOfTheCodexCli1234";
export const workspace = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";

/** An editor beside a Codex CLI that is signed in; after each test, nothing of the login has been shown or logged. */
export function useImport() {
  const codex = useCodexEditor({ ownKeys: [ownKey] });
  const { editor, folder } = codex;
  let tokens: IssuedTokens;
  let secretsOfFile: string[];

  beforeEach(async () => {
    tokens = await codex.signInAsCli();
    secretsOfFile = [tokens.access_token, tokens.refresh_token, tokens.id_token, ownKey];
    await codex.write(tokens);
  });
  afterEach(() => {
    assertNeverShown(...secretsOfFile);
    for (const secret of secretsOfFile) assert.ok(!editor().lines.join("\n").includes(secret));
  });

  const mode = () => settingOf("chatgptSignIn.authMode");

  return {
    ...codex,
    mode,
    tokens: () => tokens,
    text: (more: object = {}) => authFileText(tokens, more),
    write: (more: object = {}, permissions = 0o600) => codex.write(tokens, more, permissions),
    /** The Codex CLI signs in again. */
    async signInAgain(): Promise<void> {
      tokens = await codex.signInAsCli();
      await codex.write(tokens);
    },
    /** A program that can be found as the Codex CLI; it is not started by an import. */
    async installCli(): Promise<void> {
      const path = join(folder(), "codex");
      codex.useCodex(path);
      await writeFile(path, "#!/bin/sh\nexit 1\n");
      await chmod(path, 0o700);
    },
    /** Goes through with the questions that follow each other. */
    run(source: string | undefined, choice?: string) {
      willAnswer(/^Import from Codex CLI$/, source);
      if (choice !== undefined) willAnswer(/^Import this Codex CLI login/, choice);
      return editor().codexImport.run();
    },
    nothingStored(): void {
      assert.equal(editor().accounts.state.accounts.length, 0);
      assert.deepEqual((editor().secrets as MemorySecrets).writes, 0);
      assert.equal(mode(), "apiKey");
    },
  };
}
