import assert from "node:assert/strict";
import { signedInSentence } from "../../../../src/editor/signIn/signedInReport.ts";

describe("The notification after a sign-in", () => {
  it("names the account and its plan", () => {
    const sentence = signedInSentence({ email: "ada@example.com", plan: "self_serve_business_prolite" });
    assert.equal(sentence, "Signed in as ada@example.com (Business Pro Lite).");
  });

  it("names what is known", () => {
    assert.equal(signedInSentence({ email: "ada@example.com", plan: undefined }), "Signed in as ada@example.com.");
    assert.equal(signedInSentence({ email: undefined, plan: "plus" }), "Signed in with ChatGPT.");
  });

  it("leaves out what VS Code could render as a link", () => {
    for (const email of ["[x](command:y)@example.com", "ada@[x](command:y)", "<a>@example.com", "ada", ""]) {
      assert.equal(signedInSentence({ email, plan: "plus" }), "Signed in with ChatGPT.", email);
    }
    for (const plan of ["[x](command:y)", "", "a".repeat(65)]) {
      assert.equal(signedInSentence({ email: "ada@example.com", plan }), "Signed in as ada@example.com.", plan);
    }
  });
});
