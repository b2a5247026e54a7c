import assert from "node:assert/strict";
import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { FileRefresher } from "../../../src/codex/fileRefresher.ts";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { eventually } from "../../support/timing.ts";
import { unprivileged } from "./authFile/unprivileged.ts";
import { useLinkedFixture } from "./linked/fixture.ts";

describe("a login linked with the Codex CLI", function () {
  this.timeout(30_000);
  const fixture = useLinkedFixture();
  const { folder, home, file, issuer, signInAsCli, write, inFile, current, refresh, link, linkedNow } = fixture;

  describe("where no Codex CLI is installed", () => {
    it("is refreshed and written back when the person chose so", async () => {
      const before = await link("none", { refreshHere: true });
      const { credential } = await refresh();
      const after = await inFile();
      assert.notEqual(after.refresh_token, before.refresh_token);
      assert.equal(credential.tokens.accessToken, after.access_token);
      assert.equal(credential.tokens.refreshToken, undefined);
      assert.equal((await stat(file())).mode & 0o777, 0o600);
      await refresh();
      assert.equal((await inFile()).access_token, current().credential.tokens.accessToken);
    });

    it("is not refreshed by an answer without an access token, whose refresh token is written back", async () => {
      const before = await link("none", { refreshHere: true });
      issuer().omitFromRefresh(["access_token", "id_token"]);
      await assert.rejects(refresh(), { code: "unreadableAnswer" });
      const after = await inFile();
      assert.notEqual(after.refresh_token, before.refresh_token);
      assert.deepEqual([after.access_token, after.id_token], [before.access_token, before.id_token]);
      issuer().omitFromRefresh([]);
      const { credential } = await refresh();
      assert.notEqual(credential.tokens.accessToken, before.access_token);
      assert.deepEqual(issuer().recordsOf("reuseDetected"), []);
    });

    it("keeps the ID token in the file when the new one is none", async () => {
      const before = await link("none", { refreshHere: true });
      const { tokenEndpoint, log } = fixture.services;
      const refresher = new FileRefresher({
        tokenEndpoint: (of) => {
          const endpoint = tokenEndpoint(of);
          const { refresh } = endpoint;
          endpoint.refresh = async (token) => {
            const refreshed = await refresh.call(endpoint, token);
            return { ...refreshed, tokens: { ...refreshed.tokens, idToken: "opaque" } };
          };
          return endpoint;
        },
        clock: systemClock,
        log,
      });
      const tokens = await refresher.refresh(file(), linkedNow());
      const after = await inFile();
      assert.equal(after.id_token, before.id_token);
      assert.equal(after.access_token, tokens.accessToken);
      assert.notEqual(after.refresh_token, before.refresh_token);
    });

    it("uses no refresh token where the new one could not be written", async () => {
      const { refresh_token } = await link("none", { refreshHere: true });
      await chmod(file(), 0o644);
      await chmod(folder(), 0o755);
      await chmod(home(), 0o555);
      const { tokenEndpoint, log } = fixture.services;
      const refresher = new FileRefresher({ tokenEndpoint, clock: systemClock, log });
      const refreshes = issuer().recordsOf("refresh").length;
      await assert.rejects(
        unprivileged(() => refresher.refresh(file(), linkedNow())),
        { code: "authFileNotWritten" },
      );
      await chmod(home(), 0o755);
      assert.equal(issuer().recordsOf("refresh").length, refreshes);
      assert.equal((await inFile()).refresh_token, refresh_token);
    });

    for (const [what, hide] of [
      ["the disk lets it", () => mkdir(file())],
      ["the file is back", async () => undefined],
    ] as const) {
      it(`writes back what it got as soon as ${what}`, async () => {
        await link("none", { refreshHere: true });
        const text = await readFile(file(), "utf8");
        const count = issuer().recordsOf("fault").length + 1;
        issuer().faults.set("token", { kind: "slow", delayMs: 500, times: 1 });
        const refreshing = refresh();
        await issuer().waitForRecord("fault", { count });
        await rm(file());
        await hide();
        const { credential } = await refreshing;
        await rm(file(), { recursive: true, force: true });
        await writeFile(file(), text, { mode: 0o600 });
        await eventually(async () => assert.equal((await inFile()).access_token, credential.tokens.accessToken));
      });
    }

    it("is written back before a window that refreshes it has closed", async () => {
      const before = await link("none", { refreshHere: true });
      const count = issuer().recordsOf("fault").length + 1;
      issuer().faults.set("token", { kind: "slow", delayMs: 500, times: 1 });
      const refreshing = refresh();
      await issuer().waitForRecord("fault", { count });
      await fixture.services.codex.dispose();
      assert.notEqual((await inFile()).refresh_token, before.refresh_token);
      await refreshing;
    });

    it("leaves a login that came while the old one was refreshed", async () => {
      await link("none", { refreshHere: true });
      const count = issuer().recordsOf("fault").length + 1;
      issuer().faults.set("token", { kind: "slow", delayMs: 500, times: 1 });
      const refreshing = refresh();
      await issuer().waitForRecord("fault", { count });
      const next = await signInAsCli();
      await write(next);
      await refreshing;
      assert.deepEqual(await inFile(), next);
    });

    it("gives up a file that stays away, and tries on while it cannot be read", async () => {
      await link("none", { refreshHere: true });
      for (const [make, ends] of [
        [async () => undefined, true],
        [() => mkdir(file()), false],
      ] as const) {
        await rm(file(), { force: true });
        await write(await signInAsCli());
        let waits = 0;
        const clock: Clock = {
          now: () => systemClock.now(),
          elapsed: systemClock.elapsed,
          after: (_ms, callback) => systemClock.after(0, () => ++waits < 20 && callback()),
        };
        const { tokenEndpoint, log } = fixture.services;
        const refresher = new FileRefresher({ tokenEndpoint, clock, log });
        const count = issuer().recordsOf("fault").length + 1;
        issuer().faults.set("token", { kind: "slow", delayMs: 300, times: 1 });
        const refreshing = refresher.refresh(file(), linkedNow());
        await issuer().waitForRecord("fault", { count });
        await rm(file());
        await make();
        await refreshing;
        if (ends) {
          await eventually(() => assert.equal(waits, 4));
          await new Promise((resolve) => setTimeout(resolve, 50));
          assert.equal(waits, 4);
        } else await eventually(() => assert.equal(waits, 20));
      }
      await rm(file(), { recursive: true });
    });

    it("needs a sign-in when the file has no refresh token, and asks nobody", async () => {
      const tokens = await link("none", { refreshHere: true });
      await write({ ...tokens, refresh_token: "" });
      const refreshes = issuer().recordsOf("refresh").length;
      await assert.rejects(refresh(), { code: "needsSignIn" });
      assert.equal(issuer().recordsOf("refresh").length, refreshes);
    });

    it("needs no sign-in because its file is half written, or no login file", async () => {
      await link("none", { refreshHere: true });
      const text = await readFile(file(), "utf8");
      const refreshes = issuer().recordsOf("refresh").length;
      for (const length of [0, 1, text.length - 1]) {
        await writeFile(file(), text.slice(0, length));
        await assert.rejects(refresh(), (error) => isProblem(error, "authFileEmpty", "authFileNotJson"));
        assert.equal(current().credential.rejected, undefined);
      }
      await writeFile(file(), "<html>");
      await assert.rejects(refresh(), { code: "codexFileUnusable" });
      assert.equal(issuer().recordsOf("refresh").length, refreshes);
      await writeFile(file(), text);
      await refresh();
      assert.equal((await inFile()).access_token, current().credential.tokens.accessToken);
    });

    it("needs a sign-in when the issuer refuses its refresh token, and the file stays", async () => {
      await link("none", { refreshHere: true });
      const text = await readFile(file(), "utf8");
      issuer().expireRefreshTokens();
      await assert.rejects(refresh(), { code: "needsSignIn" });
      assert.equal(await readFile(file(), "utf8"), text);
    });
  });
});
