import assert from "node:assert/strict";
import { openPage } from "../../../../src/editor/signIn/openPage.ts";
import { resetVscode, state } from "../../../support/vscodeStub/stub.ts";

const page = "https://auth.example/oauth/authorize?client_id=a&state=canary-state-0123456789";

describe("Opening the sign-in page", () => {
  beforeEach(() => resetVscode());

  it("hands the whole address to VS Code", async () => {
    assert.equal(await openPage(page), "opened");
    assert.deepEqual([state.opened, state.clipboardReads], [[page], 0]);
  });

  it("knows when the person copied the link instead, however it was encoded on the way", async () => {
    state.opening = false;
    for (const copied of [page, ` ${page}\n`, page.replace("state=", "%73tate=")]) {
      state.clipboard = copied;
      assert.equal(await openPage(page), "copied", copied);
    }
  });

  it("knows a one-time address when the person copied that", async () => {
    state.opening = false;
    const once = "http://127.0.0.1:1455/sign-in/canary-ticket-0123456789";
    state.clipboard = `${once}\n`;
    assert.equal(await openPage(once), "copied");
    for (const other of [`${once}x`, once.replace("1455", "1457"), page, ""]) {
      state.clipboard = other;
      assert.equal(await openPage(once), "notOpened", other);
    }
  });

  it("takes nothing else on the clipboard for the link", async () => {
    state.opening = false;
    const others = ["", "a note", "https://example.com/", page.replace("canary", "other"), page.split("&state")[0]];
    for (const clipboard of others) {
      state.clipboard = clipboard ?? "";
      assert.equal(await openPage(page), "notOpened", clipboard);
    }
  });

  it("does not take one page without a state for another", async () => {
    state.opening = false;
    state.clipboard = "https://example.com/";
    assert.equal(await openPage("https://auth.example/codex/device"), "notOpened");
  });

  it("does not read the clipboard in a browser, which would ask for a permission", async () => {
    state.opening = false;
    state.web = true;
    state.clipboard = page;
    assert.equal(await openPage(page), "notOpened");
    assert.equal(state.clipboardReads, 0);
  });

  it("passes on that VS Code failed", async () => {
    state.opening = new Error("no browser");
    await assert.rejects(openPage(page), /no browser/);
  });
});
