import assert from "node:assert/strict";
import type { AuthFileRead } from "../../../../src/codex/authFile/read.ts";
import { FileRefresher } from "../../../../src/codex/fileRefresher.ts";
import { afterReading } from "../../../../src/codex/followedRecord.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { useLinkedFixture } from "./fixture.ts";

/** A token that names somebody else in some way. */
function renamed(token: string, change: (auth: Record<string, unknown>) => void): string {
  const [head, payload = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  change(claims["https://api.openai.com/auth"]);
  return `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

describe("a login linked with the Codex CLI", function () {
  this.timeout(30_000);
  const fixture = useLinkedFixture();
  const { file, link, linkedNow } = fixture;

  const others: readonly [string, (auth: Record<string, unknown>) => void][] = [
    [
      "another person's in the same ChatGPT workspace",
      (auth) => {
        auth.chatgpt_user_id = "user-another";
        auth.user_id = "user-another";
      },
    ],
    [
      "the same person's in another ChatGPT workspace",
      (auth) => {
        auth.chatgpt_account_id = "workspace-another";
      },
    ],
  ];
  for (const [what, change] of others) {
    it(`is not refreshed with tokens that are ${what}`, async () => {
      await link("none", { refreshHere: true });
      const { tokenEndpoint, log } = fixture.services;
      const refresher = new FileRefresher({
        tokenEndpoint: (of) => {
          const endpoint = tokenEndpoint(of);
          const { refresh } = endpoint;
          endpoint.refresh = async (token) => {
            const { tokens, date } = await refresh.call(endpoint, token);
            const { idToken = "", accessToken = "", refreshToken = "" } = tokens;
            const other = { idToken: renamed(idToken, change), accessToken: renamed(accessToken, change) };
            return { tokens: { ...other, refreshToken }, date };
          };
          return endpoint;
        },
        clock: systemClock,
        log,
      });
      await assert.rejects(refresher.refresh(file(), linkedNow()), { code: "accountMismatch" });
    });
  }

  it("stays as it is while its file cannot be read or understood, and ends when that says so", async () => {
    await link("none");
    const credential = linkedNow();
    const path = file();
    const withText = (text: string): AuthFileRead => ({ status: "read", path, text, fingerprint: "f", warnings: [] });
    const silent: AuthFileRead[] = [
      ...(["denied", "notAFile", "tooLarge", "notText", "unreadable"] as const).map((status) => ({ status, path })),
      ...["", "{", '{"tokens":', "<html>", "[]", '{"tokens":{"id_token":"x"}}'].map(withText),
    ];
    for (const read of silent) assert.equal(afterReading(credential, read, 0), credential, JSON.stringify(read));
    for (const read of [{ status: "missing", path } as const, withText("{}")]) {
      assert.equal(afterReading(credential, read, 0).rejected, "revoked", JSON.stringify(read));
    }
  });
});
