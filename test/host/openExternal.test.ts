import assert from "node:assert/strict";
import * as vscode from "vscode";
import { authorizationUrl } from "../../src/oauth/authorizationRequest.ts";
import { createPkce, createState } from "../../src/oauth/pkce.ts";

/** What VS Code makes of a URL on its way to the browser: `env.openExternal` takes a Uri, and the opener encodes it again. */
function asOpened(url: string): string {
  return encodeURI(vscode.Uri.parse(url).toString(true));
}

const parametersOf = (url: string) => [...new URL(url).searchParams].sort();

describe("The sign-in page's address, re-encoded by VS Code", () => {
  for (const port of [1455, 1457]) {
    it(`means the same with port ${port}, whatever state and challenge are`, () => {
      for (let round = 0; round < 200; round += 1) {
        const url = authorizationUrl({
          issuer: "https://auth.openai.com",
          redirectUri: `http://localhost:${port}/auth/callback`,
          codeChallenge: createPkce().codeChallenge,
          state: createState(),
          allowedWorkspaces: ["5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01", "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d04"],
          chooseAccount: round % 2 === 0,
        });
        const opened = asOpened(url);
        assert.deepEqual(parametersOf(opened), parametersOf(url));
        assert.equal(new URL(opened).origin + new URL(opened).pathname, "https://auth.openai.com/oauth/authorize");
        assert.equal(asOpened(opened), opened);
      }
    });
  }

  it("would not survive values that hold reserved characters: the test can fail", () => {
    const url = `https://auth.openai.com/oauth/authorize?${new URLSearchParams({ state: "a&b=c%2B" })}`;
    assert.notDeepEqual(parametersOf(asOpened(url)), parametersOf(url));
  });

  it("is the one of the device page, unchanged", () => {
    assert.equal(asOpened("https://auth.openai.com/codex/device"), "https://auth.openai.com/codex/device");
  });
});
