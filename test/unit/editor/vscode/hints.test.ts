import assert from "node:assert/strict";
import { Hints } from "../../../../src/editor/vscode/hints.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

describe("What is remembered outside the secrets", () => {
  let memory: MemoryMemento;
  let hints: Hints;
  beforeEach(() => {
    memory = new MemoryMemento();
    hints = new Hints(memory);
  });

  it("is who is signed in: nobody, also when a keyring has lost it, or when it is something odd", () => {
    const cases: readonly [stored: unknown, hint: boolean | "missing"][] = [
      [true, true],
      [false, false],
      [undefined, false],
      ["missing", "missing"],
      ["true", false],
      [1, false],
    ];
    for (const [stored, hint] of cases) {
      memory.values.set("signedIn", stored);
      assert.deepEqual(
        [hints.signedIn.get(), hints.isSignedIn, hints.hasCredential],
        [hint, stored === true, hint === true],
      );
    }
  });

  it("is whether there is an API key, which is a credential too", () => {
    assert.equal(hints.hasCredential, false);
    hints.rememberOwnKey(true);
    assert.deepEqual([hints.hasCredential, hints.isSignedIn], [true, false]);
    hints.rememberOwnKey(false);
    assert.equal(hints.hasCredential, false);
  });

  it("is the answer about terminals, which is forgotten without a write where there is none", () => {
    hints.terminalConsent.forget();
    assert.ok(!memory.values.has("terminalConsent"));
    void hints.terminalConsent.set("refused");
    assert.equal(hints.terminalConsent.get(), "refused");
    hints.terminalConsent.forget();
    assert.equal(hints.terminalConsent.get(), undefined);
  });
});
