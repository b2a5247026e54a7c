import assert from "node:assert/strict";
import { createState } from "../../../src/oauth/pkce.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { readPastedLink } from "../../../src/signin/paste.ts";

describe("What is read from a pasted address", () => {
  const state = createState();
  const issuer = "https://auth.openai.com";
  const at1455 = "http://localhost:1455/auth/callback";
  const link = `${at1455}?code=ac_123.456&state=${state}`;

  it("tells of a refusal in a query, in whatever order it comes", () => {
    for (const query of [
      `error_description=not+now&error=access_denied&state=${state}`,
      `error_uri=https://a.example&error=access_denied&state=${state}.`,
    ]) {
      const { answer: refusal } = readPastedLink(query, state, issuer, at1455);
      assert.deepEqual(refusal, { error: "access_denied", entitlement: false });
    }
  });

  it("of the sign-in page is known where the issuer is on this computer", () => {
    for (const local of [
      "https://localhost:8443",
      "http://localhost:8443",
      "https://127.0.0.1:8443/a",
      "http://[::1]:8443",
    ]) {
      for (const text of [`${local}/oauth/authorize?state=${state}`, `<${local}/login>`, `${local}/`]) {
        assert.throws(
          () => readPastedLink(text, state, local),
          (error) => isProblem(error, "pasteSignInPage") || assert.fail(`${text} ${error}`),
        );
      }
      assert.equal(readPastedLink(link.replace("http:", "https:"), state, local).redirectUri, at1455);
    }
    assert.throws(
      () => readPastedLink("localhost:8443/login", state, "http://localhost:8443"),
      (error) => isProblem(error, "pasteSignInPage"),
    );
  });

  it("is of no other sign-in because of what is not of the state: a code keeps what it ends with", () => {
    const { answer: read } = readPastedLink(`${at1455}?state=${state}&code=ac_12.`, state, issuer);
    assert.deepEqual(read, { code: "ac_12." });
  });
});
