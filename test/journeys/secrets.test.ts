import assert from "node:assert/strict";
import { temporaryDirectory } from "../support/cleanUp.ts";
import { type FaultySecrets, installFaultySecrets, type SecretFault } from "../support/faultySecrets.ts";
import { demoAccount, signInOnLoginPage } from "../support/loginPage.ts";
import { signInFromPalette, useVscodeWithIssuer } from "../support/signInJourney.ts";
import { signOut } from "../support/signOutJourney.ts";
import { eventually, patience } from "../support/timing.ts";
import { trustedHost } from "../support/useVscode.ts";
import type { Workbench } from "../support/workbench.ts";

const index = /^accounts/;
const record = /^credential\./;
const any = /./;
const signedOut = "You're signed out of ChatGPT on this computer.";

/** The packaged extension over a secret storage that does what keyrings have been reported to do. */
describe("a person whose keyring", () => {
  const folder = temporaryDirectory();
  const { vscode, issuer } = useVscodeWithIssuer(() => ({ ownServer: {} }));
  let secrets: FaultySecrets;

  before(() => {
    secrets = installFaultySecrets(vscode.server.extensionsDir, folder.path);
  });
  beforeEach(() => secrets.reset());
  after(() => folder.remove());

  const recordsOf = (type: "revoke" | "refresh" | "reuseDetected") => issuer().recordsOf(type).length;
  const records = () => [...secrets.stored().keys()].filter((key) => record.test(key));

  async function openSignedIn(): Promise<Workbench> {
    const workbench = await vscode.openWorkbench();
    await (await signInFromPalette(workbench)).close();
    await workbench.clearNotifications();
    return workbench;
  }
  const openPanel = async (workbench: Workbench, shows: string) => {
    await workbench.runCommand("ChatGPT: Open ChatGPT Settings");
    return workbench.webview(`text=${shows}`);
  };
  const refresh = async (workbench: Workbench) => {
    await workbench.clearNotifications();
    await workbench.runCommand("ChatGPT: Refresh ChatGPT Credentials");
    await workbench.awaitNotification("ChatGPT credentials refreshed.");
  };
  /** The command does not succeed before the fault has passed; nothing is given up meanwhile. */
  const refreshInTheEnd = (workbench: Workbench) =>
    eventually(async () => {
      await workbench.clearNotifications();
      await workbench.runCommand("ChatGPT: Refresh ChatGPT Credentials");
      await workbench.awaitNotification(/ChatGPT credentials refreshed\.|secret storage/, 20_000);
      assert.equal(await workbench.notification("ChatGPT credentials refreshed.").count(), 1);
    }, patience);

  /**
   * The window is loaded again while reading goes wrong. In the end all is as before, and one token was used once; none
   * where an older record was read, as the tokens that were stored after it are the refreshed ones.
   */
  async function reloadWith(workbench: Workbench, met: RegExp, ...faults: SecretFault[]): Promise<void> {
    const before = { refresh: recordsOf("refresh"), revoke: recordsOf("revoke") };
    secrets.misbehave(...faults);
    await workbench.reload();
    await refreshInTheEnd(workbench);
    secrets.misbehave();
    assert.ok(
      secrets.met().some((fault) => met.test(fault)),
      `${met} in ${secrets.met()}`,
    );
    const used = recordsOf("refresh") - before.refresh;
    assert.ok(used === 1 || (used === 0 && faults.some(({ kind }) => kind === "older")), `${used} at ${met}`);
    assert.equal(recordsOf("reuseDetected"), 0, String(met));
    assert.equal(recordsOf("revoke"), before.revoke, String(met));
    assert.equal(records().length, 1, String(met));
  }

  it("answers nothing, older values or errors at first, or late, stays signed in through reloads", async () => {
    const workbench = await openSignedIn();
    await reloadWith(
      workbench,
      /^get credential nothing$/,
      { call: "get", key: record, kind: "nothing", times: 1 },
      { call: "get", key: index, kind: "nothing", times: 2 },
    );
    // There is an older value now.
    await reloadWith(
      workbench,
      /^get credential older$/,
      { call: "get", key: record, kind: "older", times: 2 },
      { call: "get", key: index, kind: "older", times: 2 },
    );
    await reloadWith(workbench, /^get \w+ rejects$/, { call: "get", key: any, kind: "rejects", times: 3 });
    await reloadWith(workbench, /^get \w+ late$/, { call: "get", key: any, kind: "late", ms: 300 });
    await openPanel(workbench, demoAccount.email);
  });

  it("does not answer once stays signed in", async () => {
    const workbench = await openSignedIn();
    await reloadWith(workbench, /^get credential silent$/, { call: "get", key: record, kind: "silent", times: 1 });
    await openPanel(workbench, demoAccount.email);
  });

  it("loses the first write of a sign-in without a word, and tells of none, is signed in all the same", async () => {
    secrets.misbehave(
      { call: "store", key: record, kind: "lost", times: 1 },
      { call: "event", key: any, kind: "never" },
    );
    const workbench = await openSignedIn();
    secrets.misbehave();
    await workbench.reload();
    await refresh(workbench);
    await openPanel(workbench, demoAccount.email);
    assert.equal(recordsOf("reuseDetected"), 0);
  });

  it("reports a write as failed that it has done is told the truth", async () => {
    const workbench = await vscode.openWorkbench();
    const revoked = recordsOf("revoke");
    secrets.misbehave({ call: "store", key: record, kind: "landed", times: 1 });
    const page = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"));
    await signInOnLoginPage(page, demoAccount);
    const said = await workbench.awaitNotification(/Signed in as|couldn't save|secret storage/);
    secrets.misbehave();
    await workbench.reload();
    if (said.startsWith("Signed in as")) {
      await refresh(workbench);
      assert.equal(recordsOf("revoke"), revoked);
    } else {
      await openPanel(workbench, "Sign in with ChatGPT");
      // Nothing lives on, here or there.
      assert.deepEqual(records(), []);
      assert.equal(issuer().recordsOf("revoke").at(-1)?.found, true);
      assert.equal(recordsOf("revoke"), revoked + 1);
    }
  });

  it("refuses to store is told so, nothing lives on at OpenAI, and the next try succeeds", async () => {
    const workbench = await vscode.openWorkbench();
    const revoked = recordsOf("revoke");
    secrets.misbehave({ call: "store", key: any, kind: "rejects" });
    const page = await workbench.opening(() => workbench.runCommand("ChatGPT: Sign in with ChatGPT"));
    await signInOnLoginPage(page, demoAccount);
    await workbench.awaitNotification(/couldn't save your credentials|secret storage/);
    await eventually(() => assert.equal(recordsOf("revoke"), revoked + 1), patience);
    assert.equal(issuer().recordsOf("revoke").at(-1)?.found, true);
    assert.deepEqual(records(), []);
    await page.close();

    secrets.misbehave();
    await workbench.clearNotifications();
    // The sign-in page asks for the password again.
    await vscode.person.clearCookies({ domain: trustedHost });
    await (await signInFromPalette(workbench)).close();
    await workbench.reload();
    await refresh(workbench);
  });

  it("refuses to delete at a sign-out hears what is left; it is revoked, and gone when the keyring works", async () => {
    const workbench = await openSignedIn();
    secrets.misbehave({ call: "delete", key: any, kind: "rejects" });
    await signOut(workbench);
    const said = await workbench.awaitNotification(signedOut);
    assert.match(said, /may still be stored here/);
    assert.match(said, /revoked at OpenAI/);
    assert.equal(issuer().recordsOf("revoke").at(-1)?.found, true);

    // Signed out it stays, even while the record is there.
    await workbench.reload();
    await openPanel(workbench, "Sign in with ChatGPT");
    secrets.misbehave();
    await workbench.reload();
    await openPanel(workbench, "Sign in with ChatGPT");
    await eventually(() => assert.deepEqual(records(), []), patience);
  });

  it("does not answer to a delete at a sign-out is signed out, and the sign-in is over at OpenAI", async () => {
    const workbench = await openSignedIn();
    const revoked = recordsOf("revoke");
    secrets.misbehave({ call: "delete", key: record, kind: "silent", times: 1 });
    await signOut(workbench);
    // Before the keyring's time is up.
    await eventually(() => assert.equal(recordsOf("revoke"), revoked + 1), patience);
    assert.match(await workbench.awaitNotification(signedOut), /may still be stored here/);
    secrets.misbehave();
    await workbench.reload();
    await openPanel(workbench, "Sign in with ChatGPT");
    await eventually(() => assert.deepEqual(records(), []), patience);
  });
});
