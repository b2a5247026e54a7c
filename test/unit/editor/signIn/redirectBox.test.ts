import assert from "node:assert/strict";
import { Problem } from "../../../../src/shared/problem.ts";
import { loginByHttp } from "../../../issuer/login.ts";
import { assertNeverShown, sentences, state, until } from "../../../support/vscodeStub/stub.ts";
import { type EditorFixture, useEditorFixture } from "../editorFixture.ts";

describe("The box for the redirect address", () => {
  let fixture: EditorFixture;
  useEditorFixture(
    (made) => {
      fixture = made;
      fixture.browser.open = async () => true;
    },
    { device: { interval: 1 } },
  );

  const start = async () => {
    const running = fixture.run({ type: "signInWith", flow: "paste" });
    const box = await until(() => state.boxes[0]);
    const address = await until(() => state.opened[0]);
    return { running, box, redirect: await loginByHttp(address, "plus@example.com", "password") };
  };

  it("stays while the person is in the browser, and ends with the sign-in", async () => {
    const { running, box, redirect } = await start();
    assert.deepEqual([box.ignoreFocusOut, box.visible, box.title], [true, true, "Paste Redirect Address"]);
    box.type(redirect);
    assert.equal(box.validationMessage, undefined);
    box.accept();
    await running;
    assert.deepEqual([box.visible, box.disposed], [false, true]);
    assert.deepEqual(sentences(), ["Signed in as plus@example.com (Plus)."]);
    assertNeverShown(new URL(redirect).searchParams.get("code") ?? "");
  });

  it("says why an address does not fit, says nothing of none, and takes none that does not", async () => {
    const { running, box, redirect } = await start();
    const wrong: readonly [string, ConstructorParameters<typeof Problem>[0]][] = [
      ["a code alone", "pasteNotAnAddress"],
      [redirect.replace(/state=[^&]+/, "state=other"), "pasteOtherSignIn"],
      [state.opened[0] ?? "", "pasteSignInPage"],
    ];
    for (const [text, code] of wrong) {
      box.type(text);
      assert.equal(box.validationMessage, new Problem(code).message);
      box.type("  ");
      assert.equal(box.validationMessage, undefined);
      box.value = text;
      box.accept();
      assert.equal(box.validationMessage, new Problem(code).message);
      assert.deepEqual([box.visible, fixture.signIn.running?.stage], [true, "waitingForLink"]);
    }
    fixture.signIn.cancel();
    await running;
    assert.equal(box.disposed, true);
  });

  it("comes forward when it is asked for again, and is a new one once it was closed", async () => {
    const { running, box } = await start();
    await fixture.signIn.bringForward();
    assert.deepEqual([state.boxes.length, box.shows], [1, 2]);
    box.hide();
    assert.equal(box.disposed, true);
    assert.equal(fixture.signIn.running?.stage, "waitingForLink");
    await fixture.signIn.bringForward();
    assert.deepEqual([state.boxes.length, state.boxes[1]?.visible], [2, true]);
    fixture.signIn.cancel();
    await running;
  });

  it("goes when the browser brings the answer by itself", async () => {
    const running = fixture.run("signIn");
    await until(() => state.opened.length === 1 && fixture.signIn.running?.stage === "waitingForBrowser");
    await fixture.run({ type: "signInWith", flow: "paste" });
    const [box] = state.boxes;
    assert.equal(box?.visible, true);
    await fetch(await loginByHttp(state.opened[0] ?? "", "plus@example.com", "password"));
    await running;
    assert.equal(box?.disposed, true);
  });
});
