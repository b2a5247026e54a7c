import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodexExport } from "../../../../src/editor/codex/export.ts";
import { type Clock, systemClock } from "../../../../src/platform/clock.ts";
import { Problem } from "../../../../src/shared/problem.ts";
import { signInByHttp } from "../../../issuer/login.ts";
import { browseAs } from "../../../support/services.ts";
import {
  assertNeverShown,
  changeSetting,
  sentences,
  state,
  theMessage,
  until,
  willAnswer,
} from "../../../support/vscodeStub/stub.ts";
import { writeFakeCli } from "../../codex/fixture.ts";
import { useCodexEditor } from "./fixture.ts";

const earlier = '{"OPENAI_API_KEY":"sk-proj-of-the-person-0123456789"}';
const cliSignsIn = "Let Codex CLI Sign In";
const handsOver = "Hand Over This Sign-in";

describe("Exporting to the Codex CLI", function () {
  this.timeout(30_000);
  const codex = useCodexEditor();
  const { folder, home, file, issuer, editor, active, signInAsCli, write } = codex;

  afterEach(() => {
    // The state of a sign-in is in its link, which is to be opened.
    const tokens = issuer()
      .secrets()
      .filter(({ kind }) => kind.endsWith("_token"));
    assertNeverShown(...tokens.map(({ value }) => value));
  });

  const installCli = async (behaviour: string) =>
    codex.useCodex(await writeFakeCli(folder(), behaviour, issuer().origin));

  const run = (clock: Clock = systemClock) => new CodexExport({ ...editor(), clock }).run();

  it("says which program is missing, and hands nothing over to a Codex CLI that is not there", async () => {
    await editor().signedIn();
    await assert.rejects(run(), { code: "codexNotFound" });
    assert.deepEqual([sentences(), await readdir(home())], [[], []]);
    assert.equal(active()?.origin, "own");
  });

  it("asks before a login is replaced, and does nothing without the person's consent", async () => {
    await installCli("refreshes");
    await writeFile(file(), earlier);
    await editor().signedIn();
    for (const answers of [[undefined], [handsOver, undefined], [cliSignsIn, undefined]]) {
      willAnswer(/^How should the Codex CLI sign in/, answers[0]);
      if (answers.length > 1) willAnswer(/is already signed in\. Replace/, answers[1]);
      await run();
    }
    assert.equal(await readFile(file(), "utf8"), earlier);
    assert.equal(active()?.origin, "own");
    assert.deepEqual(theMessageButtons(), ["Don't Sign In", cliSignsIn, handsOver]);
    assert.deepEqual(state.messages.at(-1)?.buttons, ["Keep Login", "Replace"]);
  });

  it("does not offer to hand over a sign-in that the settings don't allow, and says why", async () => {
    await installCli("refreshes");
    await editor().signedIn();
    changeSetting("chatgptSignIn.allowedWorkspaces", ["another-workspace"]);
    willAnswer(/^How should the Codex CLI sign in/, undefined);
    await run();
    const { buttons, detail } = theMessage(/^How should the Codex CLI sign in/);
    assert.deepEqual(buttons, ["Don't Sign In", cliSignsIn]);
    assert.ok(detail.endsWith(new Problem("accountNotAllowed").message));
    assert.deepEqual([active()?.origin, await readdir(home())], ["own", []]);
  });

  it("hands nothing over that was allowed until the person had answered", async () => {
    await installCli("refreshes");
    await editor().signedIn();
    state.onMessage = () => changeSetting("chatgptSignIn.allowedWorkspaces", ["another-workspace"]);
    willAnswer(/^How should the Codex CLI sign in/, handsOver);
    await assert.rejects(run(), { code: "accountNotAllowed" });
    assert.deepEqual([active()?.origin, await readdir(home())], ["own", []]);
  });

  const theMessageButtons = () =>
    state.messages.find(({ text }) => /^How should the Codex CLI sign in/.test(text))?.buttons;

  it("hands the sign-in over, and says where it is now", async () => {
    await installCli("refreshes");
    await writeFile(file(), earlier);
    const { tokens } = await editor().signedIn();
    willAnswer(/^How should the Codex CLI sign in/, handsOver);
    willAnswer(/is already signed in\. Replace/, "Replace");
    await run();
    assert.equal(active()?.origin, "linked");
    const { OPENAI_API_KEY: key, tokens: inFile } = JSON.parse(await readFile(file(), "utf8"));
    assert.deepEqual([key, inFile.refresh_token], [null, tokens.refreshToken]);
    const backup = (await readdir(home())).find((name) => name.startsWith("auth.json.backup-"));
    assert.ok(backup);
    theMessage(/owns this sign-in now\. Backup: “(.+)”\./);
    assert.ok(sentences().some((sentence) => sentence.includes(`“${backup}”`)));
    await run();
    theMessage(/is already linked to the Codex CLI/);
  });

  it("tells why the Codex CLI would not keep it, and all is as before", async () => {
    await installCli("refreshes");
    await writeFile(file(), earlier);
    await writeFile(join(home(), "config.toml"), 'forced_login_method = "api"\n');
    await editor().signedIn();
    willAnswer(/^How should the Codex CLI sign in/, handsOver);
    willAnswer(/is already signed in\. Replace/, "Replace");
    await assert.rejects(run(), /forced_login_method/);
    assert.deepEqual([active()?.origin, await readFile(file(), "utf8")], ["own", earlier]);
  });

  for (const change of [{ rejected: "revoked" }, undefined]) {
    it(`offers only the Codex CLI's own sign-in ${change ? "when ours is not accepted any more" : "to who is signed out"}`, async () => {
      await installCli("refreshes");
      if (change) await editor().signedIn("plus@example.com", change);
      willAnswer(/^How should the Codex CLI sign in/, undefined);
      await run();
      assert.deepEqual(theMessageButtons(), ["Don't Sign In", cliSignsIn]);
    });
  }

  it("lets the Codex CLI sign in, and links what it wrote", async () => {
    await installCli("refreshes");
    willAnswer(/^How should the Codex CLI sign in/, cliSignsIn);
    const running = run();
    await browseAs("plus@example.com")(await until(() => state.opened[0]));
    await running;
    assert.equal(active()?.origin, "linked");
    theMessage(/You're signed in with the Codex CLI's login/);
  });

  it("leaves all as it was when the person cancels the Codex CLI's sign-in", async () => {
    await installCli("refreshes");
    willAnswer(/^How should the Codex CLI sign in/, cliSignsIn);
    const running = run();
    await until(() => state.opened[0]);
    (await until(() => state.progresses[0])).cancel();
    await running;
    assert.equal(active(), undefined);
    assert.ok(!(await readdir(home())).includes("auth.json"));
  });

  it("ends a sign-in of the Codex CLI that the person does not complete", async () => {
    await installCli("refreshes");
    willAnswer(/^How should the Codex CLI sign in/, cliSignsIn);
    let endTime = () => {};
    const clock: Clock = {
      now: () => systemClock.now(),
      elapsed: systemClock.elapsed,
      after(ms, callback) {
        assert.equal(ms, 10 * 60_000);
        endTime = callback;
        return { dispose: () => {} };
      },
    };
    const running = run(clock);
    await until(() => state.opened[0]);
    endTime();
    await assert.rejects(running, { code: "codexLoginTimedOut" });
    assert.equal(active(), undefined);
    assert.equal(state.progresses[0]?.done, true);
  });

  it("keeps the sign-in here when the Codex CLI has kept its own elsewhere than in the file, which is an old one", async () => {
    await editor().signedIn();
    const tokens = await signInAsCli();
    await write(tokens);
    await installCli("keyring");
    willAnswer(/^How should the Codex CLI sign in/, cliSignsIn);
    willAnswer(/is already signed in\. Replace/, "Replace");
    const running = run();
    await browseAs("plus@example.com")(await until(() => state.opened[0]));
    await assert.rejects(running, { code: "loginNotInUse" });
    assert.equal(active()?.origin, "own");
  });

  it("lets a login that the Codex CLI refreshes when it is asked for it take the place of a sign-in here", async () => {
    await editor().signedIn();
    const tokens = await signInAsCli();
    await write(tokens);
    await installCli("thenRefreshes");
    await writeFile(join(home(), "statuses"), "asked\n");
    willAnswer(/^Import from Codex CLI$/, "Codex CLI on This Computer");
    willAnswer(/^Import this Codex CLI login/, "Link");
    await editor().codexImport.run();
    assert.equal(active()?.origin, "linked");
    const refreshed = JSON.parse(await readFile(file(), "utf8")).tokens.access_token;
    assert.notEqual(refreshed, tokens.access_token);
    await until(() => active()?.tokens.accessToken === refreshed);
  });

  it("links no login that the Codex CLI has changed for another account's while the person was asked", async () => {
    await editor().signedIn();
    await write(await signInAsCli());
    await installCli("refreshes");
    willAnswer(/^Import from Codex CLI$/, "Codex CLI on This Computer");
    const importing = editor().codexImport.run();
    const message = await until(() => state.messages[0]);
    await write(await signInByHttp(issuer().issuer, "team@example.com"));
    message.choose("Link");
    await assert.rejects(importing, { code: "loginNotInUse" });
    assert.equal(active()?.origin, "own");
  });

  it("lets a login that the Codex CLI uses take the place of a sign-in here by a link, and no other", async () => {
    await editor().signedIn();
    const tokens = await signInAsCli();
    await write(tokens);
    for (const [behaviour, origin] of [
      ["thenIsAnother", "own"],
      ["refreshes", "linked"],
    ] as const) {
      await installCli(behaviour);
      await writeFile(join(home(), "statuses"), "asked\n");
      willAnswer(/^Import from Codex CLI$/, "Codex CLI on This Computer");
      willAnswer(/^Import this Codex CLI login/, "Link");
      if (origin === "own") await assert.rejects(editor().codexImport.run(), { code: "loginNotInUse" });
      else await editor().codexImport.run();
      assert.equal(active()?.origin, origin);
    }
  });
});
