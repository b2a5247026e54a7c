import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startIssuer } from "../../../issuer/issuer.ts";
import { type IssuedTokens, signInByHttp } from "../../../issuer/login.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { resetVscode } from "../../../support/vscodeStub/stub.ts";
import { temporaryFolder } from "../../codex/authFile/temporaryFolder.ts";
import { createEditorFixture, type EditorFixture } from "../editorFixture.ts";

/** An editor beside a home of the Codex CLI, for each test. Registers its own hooks in the surrounding suite. */
export function useCodexEditor(settings: Parameters<typeof startIssuer>[0] = {}) {
  const folder = temporaryFolder();
  const home = () => join(folder(), ".codex");
  const file = () => join(home(), "auth.json");
  let issuer: TestIssuer;
  let editor: EditorFixture;
  let codexPath: string;

  before(async () => {
    issuer = await startIssuer(settings);
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    codexPath = "";
    editor = await createEditorFixture(issuer, {
      codex: {
        userHome: folder(),
        environment: { HOME: folder(), PATH: "/nowhere" },
        codexPath: () => codexPath,
      },
    });
    await mkdir(home());
  });
  afterEach(async () => {
    issuer.faults.clear();
    await editor.end();
  });

  return {
    folder,
    home,
    file,
    issuer: () => issuer,
    editor: () => editor,
    /** Opens another editor instead, with this Codex CLI. */
    async reopen(options: Parameters<typeof createEditorFixture>[1]): Promise<EditorFixture> {
      editor = await createEditorFixture(issuer, options);
      return editor;
    },
    /** Sets the path to the Codex CLI. */
    useCodex(path: string): void {
      codexPath = path;
    },
    active: () => editor.accounts.entry()?.credential,
    signInAsCli: (): Promise<IssuedTokens> => signInByHttp(issuer.issuer, "plus@example.com"),
    /** Writes a login as the Codex CLI would. */
    write: (tokens: IssuedTokens, more: object = {}, mode = 0o600) =>
      writeFile(file(), authFileText(tokens, more), { mode }),
  };
}

export function authFileText(tokens: IssuedTokens, more: object = {}): string {
  return JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, ...more });
}
