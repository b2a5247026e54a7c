import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodexExport } from "../../../../src/editor/codex/export.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { startIssuer } from "../../../issuer/issuer.ts";
import { signInByHttp } from "../../../issuer/login.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { browseAs } from "../../../support/services.ts";
import {
  assertNeverShown,
  resetVscode,
  sentences,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { temporaryFolder } from "../../codex/authFile/temporaryFolder.ts";
import { createEditorFixture, type EditorFixture } from "../editorFixture.ts";

const earlier = '{"OPENAI_API_KEY":"sk-proj-of-the-person-0123456789"}';
const cliSignsIn = "Let the CLI Sign In";
const handsOver = "Hand Over This Sign-in";

describe("Exporting to the Codex CLI", function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  const home = () => join(folder(), ".codex");
  const file = () => join(home(), "auth.json");
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  let codexPath: string;

  before(async () => {
    issuer = await startIssuer();
  });
  after(() => issuer.close());
  beforeEach(async () => {
    resetVscode();
    codexPath = "";
    fixture = await createEditorFixture(issuer, {
      codex: {
        userHome: folder(),
        environment: { HOME: folder(), PATH: "/nowhere" },
        codexPath: () => codexPath,
      },
    });
    await mkdir(home());
  });
  afterEach(async () => {
    // The state of a sign-in is in its link, which is to be opened.
    const tokens = issuer.secrets().filter(({ kind }) => kind.endsWith("_token"));
    assertNeverShown(...tokens.map(({ value }) => value));
    await fixture.end();
  });

  async function installCli(behaviour: string): Promise<void> {
    const script = join(import.meta.dirname, "..", "..", "codex", "fakeCli.ts");
    codexPath = join(folder(), "codex");
    await writeFile(
      codexPath,
      `#!/bin/sh\nexec "${process.execPath}" "${script}" ${behaviour} ${issuer.origin} "$@"\n`,
    );
    await chmod(codexPath, 0o700);
  }

  const run = () => new CodexExport({ ...fixture, clock: systemClock }).run();
  const active = () => fixture.accounts.entry()?.credential;

  it("says which program is missing, and hands nothing over to a CLI that is not there", async () => {
    await fixture.signedIn();
    await assert.rejects(run(), /was not found/);
    assert.deepEqual([sentences(), await readdir(home())], [[], []]);
    assert.equal(active()?.origin, "own");
  });

  it("asks before a login is replaced, and does nothing without the person's word", async () => {
    await installCli("rotates");
    await writeFile(file(), earlier);
    await fixture.signedIn();
    for (const answers of [[undefined], [handsOver, undefined], [cliSignsIn, undefined]]) {
      willAnswer(/^Sign in the Codex CLI/, answers[0]);
      if (answers.length > 1) willAnswer(/has a login already/, answers[1]);
      await run();
    }
    assert.equal(await readFile(file(), "utf8"), earlier);
    assert.equal(active()?.origin, "own");
    assert.deepEqual(theMessageButtons(), [cliSignsIn, handsOver]);
  });

  const theMessageButtons = () => state.messages.find(({ text }) => /^Sign in the Codex CLI/.test(text))?.buttons;

  it("hands the sign-in over, and says where it is now", async () => {
    await installCli("rotates");
    await writeFile(file(), earlier);
    const { tokens } = await fixture.signedIn();
    willAnswer(/^Sign in the Codex CLI/, handsOver);
    willAnswer(/has a login already/, "Replace");
    await run();
    assert.equal(active()?.origin, "linked");
    const { OPENAI_API_KEY: key, tokens: inFile } = JSON.parse(await readFile(file(), "utf8"));
    assert.deepEqual([key, inFile.refresh_token], [null, tokens.refreshToken]);
    const backup = (await readdir(home())).find((name) => name.startsWith("auth.json.backup-"));
    assert.ok(backup);
    theMessage(
      /now belongs to the Codex CLI, and is linked here\. The login that was there is kept beside it as “(.+)”\./,
    );
    assert.ok(sentences().some((sentence) => sentence.includes(`“${backup}”`)));
    await run();
    theMessage(/is signed in with this account already/);
  });

  it("tells why the CLI would not keep it, and all is as before", async () => {
    await installCli("rotates");
    await writeFile(file(), earlier);
    await writeFile(join(home(), "config.toml"), 'forced_login_method = "api"\n');
    await fixture.signedIn();
    willAnswer(/^Sign in the Codex CLI/, handsOver);
    willAnswer(/has a login already/, "Replace");
    await assert.rejects(run(), /forced_login_method/);
    assert.deepEqual([active()?.origin, await readFile(file(), "utf8")], ["own", earlier]);
  });

  for (const change of [{ rejected: "revoked" }, undefined]) {
    it(`offers only the CLI's own sign-in ${change ? "when ours is not accepted any more" : "to who is signed out"}`, async () => {
      await installCli("rotates");
      if (change) await fixture.signedIn("plus@example.com", change);
      willAnswer(/^Sign in the Codex CLI/, undefined);
      await run();
      assert.deepEqual(theMessageButtons(), [cliSignsIn]);
    });
  }

  it("lets the CLI sign in, and links what it wrote", async () => {
    await installCli("rotates");
    willAnswer(/^Sign in the Codex CLI/, cliSignsIn);
    const running = run();
    await browseAs("plus@example.com")(await until(() => state.opened[0]));
    await running;
    assert.equal(active()?.origin, "linked");
    theMessage(/You are signed in with the login of the Codex CLI/);
  });

  it("leaves all as it was when the person cancels the CLI's sign-in", async () => {
    await installCli("rotates");
    willAnswer(/^Sign in the Codex CLI/, cliSignsIn);
    const running = run();
    await until(() => state.opened[0]);
    (await until(() => state.progresses[0])).cancel();
    await running;
    assert.equal(active(), undefined);
    assert.ok(!(await readdir(home())).includes("auth.json"));
  });

  it("keeps the sign-in here when the CLI has kept its own elsewhere than in the file, which is an old one", async () => {
    await fixture.signedIn();
    const tokens = await signInByHttp(issuer.issuer, "plus@example.com");
    await writeFile(file(), JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens }));
    await installCli("keyring");
    willAnswer(/^Sign in the Codex CLI/, cliSignsIn);
    willAnswer(/has a login already/, "Replace");
    const running = run();
    await browseAs("plus@example.com")(await until(() => state.opened[0]));
    await assert.rejects(running, /does not use this login/);
    assert.equal(active()?.origin, "own");
  });

  it("lets a login that the CLI renews when it is asked for it take the place of a sign-in here", async () => {
    await fixture.signedIn();
    const tokens = await signInByHttp(issuer.issuer, "plus@example.com");
    await writeFile(file(), JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens }));
    await installCli("thenRenews");
    await writeFile(join(home(), "statuses"), "asked\n");
    willAnswer(/^Import from Codex CLI$/, "Codex CLI on This Computer");
    willAnswer(/^Import this login/, "Link");
    await fixture.codexImport.run();
    assert.equal(active()?.origin, "linked");
    const renewed = JSON.parse(await readFile(file(), "utf8")).tokens.access_token;
    assert.notEqual(renewed, tokens.access_token);
    await until(() => active()?.tokens.accessToken === renewed);
  });

  it("links no login that the CLI has changed for another account's while the person was asked", async () => {
    await fixture.signedIn();
    const write = async (email: string) => {
      const tokens = await signInByHttp(issuer.issuer, email);
      await writeFile(file(), JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens }));
    };
    await write("plus@example.com");
    await installCli("rotates");
    willAnswer(/^Import from Codex CLI$/, "Codex CLI on This Computer");
    const importing = fixture.codexImport.run();
    const message = await until(() => state.messages[0]);
    await write("team@example.com");
    message.choose("Link");
    await assert.rejects(importing, /does not use this login/);
    assert.equal(active()?.origin, "own");
  });

  it("lets a login that the CLI uses take the place of a sign-in here by a link, and no other", async () => {
    await fixture.signedIn();
    const tokens = await signInByHttp(issuer.issuer, "plus@example.com");
    await writeFile(file(), JSON.stringify({ auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens }));
    for (const [behaviour, origin] of [
      ["thenIsAnother", "own"],
      ["rotates", "linked"],
    ] as const) {
      await installCli(behaviour);
      await writeFile(join(home(), "statuses"), "asked\n");
      willAnswer(/^Import from Codex CLI$/, "Codex CLI on This Computer");
      willAnswer(/^Import this login/, "Link");
      if (origin === "own") await assert.rejects(fixture.codexImport.run(), /does not use this login/);
      else await fixture.codexImport.run();
      assert.equal(active()?.origin, origin);
    }
  });
});
