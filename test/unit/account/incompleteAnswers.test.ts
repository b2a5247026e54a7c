import assert from "node:assert/strict";
import type { HttpResponse } from "../../../src/platform/httpClient.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import type { AccountFixture } from "../../support/accountFixture.ts";
import { createFixture, credentialOf, day, type Fixture, is, minute } from "./fixture.ts";

type Answer = Record<string, unknown>;

describe("An answer with status 200 that refreshes nothing", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const reuses = () => fixture.issuer.recordsOf("reuseDetected").length;

  /** The issuer's next answer to a refresh in this window is changed on its way. */
  function change(window: AccountFixture, body: (json: Answer) => unknown): void {
    const { send } = window.http;
    window.http.send = async (request): Promise<HttpResponse> => {
      const answer = await send(request);
      if (!request.url.endsWith("/oauth/token")) return answer;
      window.http.send = send;
      return { ...answer, json: body(answer.json as Answer) };
    };
  }

  const error = { message: "The server had an error", type: "server_error", param: null, code: null };
  const answers: readonly [name: string, (json: Answer, access: string) => unknown][] = [
    ["has no access token", ({ access_token: _none, ...rest }) => rest],
    ["has the refresh token alone", ({ refresh_token }) => ({ refresh_token })],
    ["has an unusable access token", (json) => ({ ...json, access_token: "a\nb" })],
    ["has an access token that names nobody", (json) => ({ ...json, access_token: "at.opaque" })],
    ["has an error beside the refresh token", ({ refresh_token }) => ({ refresh_token, error })],
    ["has an error beside all tokens", (json) => ({ ...json, error: "server_error" })],
    ["has the old access token", (json, access) => ({ ...json, access_token: access })],
  ];
  for (const [name, body] of answers) {
    it(`because it ${name} passes, and its new refresh token is kept`, async () => {
      const window = await fixture.signedIn();
      const before = credentialOf(window);
      fixture.clock.jump(11 * day);
      change(window, (json) => body(json, before.tokens.accessToken));
      const problem = await window.source.get("chatgpt").catch((reason: unknown) => reason);
      assert.ok(isProblem(problem, "serviceFailed", "unreadableAnswer"), String(problem));
      const kept = credentialOf(window);
      assert.notEqual(kept.tokens.refreshToken, before.tokens.refreshToken);
      assert.deepEqual(
        [kept.tokens.accessToken, kept.receivedAt, kept.lastRefreshAt, kept.rejected],
        [before.tokens.accessToken, before.receivedAt, before.lastRefreshAt, undefined],
      );
      // It failed, so the next try has to wait.
      const asked = fixture.issuer.records.length;
      await assert.rejects(window.source.get("chatgpt"), (reason) => reason === problem);
      assert.equal(fixture.issuer.records.length, asked);
      fixture.clock.jump(minute);
      assert.notEqual((await window.source.get("chatgpt")).bearer, before.tokens.accessToken);
      assert.equal(credentialOf(window).sequence, 2);
      assert.equal(reuses(), 0);
    });
  }

  it("is not taken for a refresh by a window that finds what was kept of it", async () => {
    const window = await fixture.signedIn();
    const other = await fixture.openLoaded();
    const seen = credentialOf(other);
    change(window, ({ refresh_token }) => ({ refresh_token }));
    await assert.rejects(window.refresher.refresh(seen), is("unreadableAnswer"));
    const { credential } = await other.refresher.refresh(seen);
    assert.notEqual(credential.tokens.accessToken, seen.tokens.accessToken);
    assert.equal(reuses(), 0);
  });

  it("leaves everything as it was when it has nothing that is new", async () => {
    const window = await fixture.signedIn();
    const before = credentialOf(window);
    const { refreshToken = "" } = before.tokens;
    fixture.issuer.faults.set("token", { kind: "serverError" });
    for (const json of [
      { error },
      { error: "temporarily_unavailable" },
      { access_token: before.tokens.accessToken },
      { refresh_token: refreshToken },
      { status: "login required", redirect: "/" },
      { access_token: 1 },
      {},
      [],
      "ok",
      null,
    ]) {
      const { send } = window.http;
      window.http.send = async (request) => ({ ...(await send(request)), status: 200, json });
      await assert.rejects(window.refresher.refresh(before), `${JSON.stringify(json)}`);
      window.http.send = send;
      assert.equal(credentialOf(window), before);
    }
    fixture.issuer.faults.clear();
    await window.refresher.refresh(before);
    assert.equal(reuses(), 0);
  });

  describe("but is a refresh all the same", () => {
    const unsigned = (payload: object) =>
      ["e30", Buffer.from(JSON.stringify(payload)).toString("base64url"), "c2ln"].join(".");
    for (const [name, idToken] of [
      ["is no JSON Web Token", "opaque"],
      ["names nobody", unsigned({ iat: 1, exp: 2 })],
    ] as const) {
      it(`does not change who somebody is when its ID token ${name}`, async () => {
        const window = await fixture.signedIn();
        const before = window.accounts.state.active;
        const { idToken: known } = credentialOf(window).tokens;
        change(window, (json) => ({ ...json, id_token: idToken }));
        const { credential } = await window.refresher.refresh(credentialOf(window));
        assert.equal(credential.sequence, 1);
        if (name === "is no JSON Web Token") assert.equal(credential.tokens.idToken, known);
        const { email, workspaceId, id } = window.accounts.state.active ?? {};
        assert.deepEqual([id, email, workspaceId], [before?.id, before?.email, before?.workspaceId]);
      });
    }
  });
});
