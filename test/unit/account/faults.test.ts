import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import { revoke } from "../../../src/oauth/revocation.ts";
import { isProblem, Problem, type ProblemCode, sentenceFor } from "../../../src/platform/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { Fault, TestIssuer } from "../../issuer/types.ts";
import { type AccountWindow, createAccountWindow, credentialFor } from "../../support/accountWindow.ts";
import { temporaryDirectory } from "../../support/leaveNothing.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";

const day = 24 * 60 * 60_000;
const minute = 60_000;
/** Far shorter than in the extension, so that an issuer that hangs is tested in no time. */
const timeoutMs = 300;

type Reason = NonNullable<Credential["rejected"]>;

/** A fault, and what a person is told when it hits a refresh, the key exchange or a revocation. */
interface Row {
  name: string;
  fault: Fault;
  shown: ProblemCode;
  /** The refresh token is dead: the account stays, and needs a sign-in for this reason. */
  needsSignIn?: Reason;
  /** The issuer had acted before the fault: the refresh token is spent, and the next refresh tells. */
  spent?: boolean;
}

const passing: readonly Row[] = [
  { name: "hangs", fault: { kind: "slow", delayMs: 2_000 }, shown: "answerLost" },
  { name: "answers 500", fault: { kind: "serverError" }, shown: "serviceFailed" },
  { name: "answers 502", fault: { kind: "serverError", status: 502 }, shown: "serviceFailed" },
  { name: "answers 503", fault: { kind: "serverError", status: 503 }, shown: "serviceFailed" },
  { name: "answers 504", fault: { kind: "serverError", status: 504 }, shown: "serviceFailed" },
  {
    name: "answers 503 with a code that every object has",
    fault: { kind: "status", status: 503, code: "__proto__" },
    shown: "serviceFailed",
  },
  { name: "answers 429", fault: { kind: "status", status: 429 }, shown: "rateLimited" },
  { name: "answers 403 for the region", fault: { kind: "region" }, shown: "regionBlocked" },
  { name: "is hidden by an edge page (403)", fault: { kind: "edgePage" }, shown: "edgeBlocked" },
  { name: "is hidden by a portal's page (200)", fault: { kind: "html" }, shown: "unreadableAnswer" },
  { name: "answers with truncated JSON", fault: { kind: "truncated" }, shown: "unreadableAnswer" },
  { name: "answers with wrong types", fault: { kind: "wrongTypes" }, shown: "unreadableAnswer" },
  { name: "answers with 5 MiB", fault: { kind: "oversized" }, shown: "unreadableAnswer" },
  { name: "redirects", fault: { kind: "redirect" }, shown: "unreadableAnswer" },
  { name: "closes the socket before the answer", fault: { kind: "closeBefore" }, shown: "answerLost" },
  { name: "closes the socket within the answer", fault: { kind: "closeDuring" }, shown: "answerLost" },
  { name: "acts, and closes the socket", fault: { kind: "closeAfter" }, shown: "answerLost", spent: true },
  {
    name: "acts, and answers 500",
    fault: { kind: "serverError", processed: true },
    shown: "serviceFailed",
    spent: true,
  },
  {
    name: "acts, and its JSON is truncated",
    fault: { kind: "truncated", processed: true },
    shown: "unreadableAnswer",
    spent: true,
  },
];

const refusal = (status: number, code?: string): Fault => ({ kind: "status", status, ...(code && { code }) });
const refusals: readonly Row[] = [
  { name: "401 expired", fault: refusal(401, "refresh_token_expired"), shown: "needsSignIn", needsSignIn: "expired" },
  { name: "401 reused", fault: refusal(401, "refresh_token_reused"), shown: "needsSignIn", needsSignIn: "reused" },
  {
    name: "401 invalidated",
    fault: refusal(401, "refresh_token_invalidated"),
    shown: "needsSignIn",
    needsSignIn: "revoked",
  },
  { name: "401 of an unknown code", fault: refusal(401, "else"), shown: "needsSignIn", needsSignIn: "rejected" },
  { name: "401 without a code", fault: refusal(401), shown: "needsSignIn", needsSignIn: "rejected" },
  { name: "400 invalid_grant", fault: refusal(400, "invalid_grant"), shown: "needsSignIn", needsSignIn: "rejected" },
  {
    name: "403 with one of the codes, in capitals",
    fault: refusal(403, "REFRESH_TOKEN_EXPIRED"),
    shown: "needsSignIn",
    needsSignIn: "expired",
  },
];

describe("When the issuer", () => {
  let issuer: TestIssuer;
  let folder: ReturnType<typeof temporaryDirectory>;
  let secrets: MemorySecrets;
  let clock: ManualClock;
  let window: AccountWindow;

  beforeEach(async () => {
    issuer = await startIssuer();
    folder = temporaryDirectory();
    secrets = new MemorySecrets();
    clock = new ManualClock();
    window = createAccountWindow({ secrets, directory: folder.path, clock, timeoutMs });
    // The owner of a Platform organization, whose key can be derived.
    const tokens = await signInByHttp(issuer.issuer, "owner@example.com");
    await window.accounts.put(credentialFor(issuer.issuer, tokens, { now: clock.now() }), { activate: true });
  });
  afterEach(async () => {
    await issuer.close();
    await folder.remove();
  });

  const credential = () => window.accounts.entry()?.credential;
  /** What is stored, as the next window will read it. */
  const stored = () => [...secrets.values];

  async function shows(row: Row, work: Promise<unknown>): Promise<void> {
    const problem = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(isProblem(problem, row.shown), `${row.shown} rather than ${String(problem)}`);
    assert.equal(sentenceFor(problem), new Problem(row.shown).message);
  }

  describe("at a refresh", () => {
    for (const row of passing) {
      it(`${row.name}: everything is kept, and ${row.shown} is shown once the access token has expired`, async () => {
        issuer.faults.set("token", row.fault);
        const before = stored();
        const bearer = credential()?.tokens.accessToken;

        clock.jump(10 * day - 2 * minute);
        assert.equal((await window.source.get("chatgpt")).bearer, bearer, "a token that is still good is used");
        clock.jump(3 * minute);
        await shows(row, window.source.get("chatgpt"));
        assert.deepEqual(stored(), before);
        assert.equal(window.accounts.state.active?.rejected, undefined);

        const asked = issuer.records.length;
        await shows(row, window.source.get("chatgpt"));
        assert.equal(issuer.records.length, asked, "the next request does not ask again at once");

        issuer.faults.clear();
        clock.jump(6 * minute);
        if (row.spent) {
          await shows({ ...row, shown: "needsSignIn" }, window.source.get("chatgpt"));
          assert.equal(window.accounts.state.active?.rejected, "reused");
        } else {
          assert.notEqual((await window.source.get("chatgpt")).bearer, bearer);
          assert.equal(issuer.recordsOf("reuseDetected").length, 0);
        }
      });
    }

    for (const row of refusals) {
      it(`answers ${row.name}: the account is kept, and needs a sign-in (${row.needsSignIn})`, async () => {
        issuer.faults.set("token", row.fault);
        const before = credential();
        clock.jump(11 * day);
        await shows(row, window.source.get("chatgpt"));
        assert.deepEqual(credential(), { ...before, rejected: row.needsSignIn });
        const asked = issuer.records.length;
        await shows(row, window.source.get("chatgpt"));
        assert.equal(issuer.records.length, asked, "what was rejected is not tried again");
      });
    }

    it("answers in time, though slowly: the new tokens are kept", async () => {
      issuer.faults.set("token", { kind: "slow", delayMs: timeoutMs / 3 });
      clock.jump(11 * day);
      await window.source.get("chatgpt");
      assert.equal(credential()?.sequence, 1);
    });

    it("answers for another account: what came is not used, and the account needs a sign-in", async () => {
      issuer.setAccount("owner", { chatgptAccountId: "another-workspace" });
      const before = credential();
      clock.jump(11 * day);
      await shows({ name: "", fault: { kind: "html" }, shown: "accountMismatch" }, window.source.get("chatgpt"));
      assert.deepEqual(credential(), { ...before, rejected: "rejected" });
    });
  });

  describe("at the key exchange", () => {
    for (const row of passing) {
      it(`${row.name}: the sign-in and a key that was there are kept, and the reason is shown`, async () => {
        issuer.faults.set("token", { ...row.fault, grant: "token-exchange" });
        const before = credential();
        await derive();
        assert.deepEqual(credential()?.tokens, before?.tokens);
        assert.deepEqual(window.accounts.state.active?.derivedKey, { status: "absent", why: "unreachable" });
        issuer.faults.clear();
        await derive();
        const made = credential()?.derivedKey;
        assert.equal(made?.status, "present");
        issuer.faults.set("token", { ...row.fault, grant: "token-exchange" });
        await derive();
        assert.deepEqual(credential()?.derivedKey, made);
      });
    }

    for (const { name, fault } of refusals) {
      it(`answers ${name}: the sign-in is kept, and there is no key`, async () => {
        issuer.faults.set("token", { ...fault, grant: "token-exchange" });
        await derive();
        assert.equal(window.accounts.state.active?.rejected, undefined);
        assert.deepEqual(window.accounts.state.active?.derivedKey, { status: "absent", why: "refused" });
      });
    }

    it("knows no organization: the sign-in is kept, and that is shown", async () => {
      issuer.setAccount("owner", { organizationId: undefined, organizations: [] });
      clock.jump(11 * day);
      await window.source.get("chatgpt");
      await derive();
      assert.deepEqual(window.accounts.state.active?.derivedKey, { status: "absent", why: "noOrganization" });
    });

    async function derive(): Promise<void> {
      const entry = window.accounts.entry();
      assert.ok(entry);
      await window.deriver.derive(entry);
    }
  });

  describe("at a revocation", () => {
    const whole = passing.filter(({ fault }) => fault.kind !== "truncated" && fault.kind !== "wrongTypes");
    for (const row of [...whole, ...refusals.map((refused): Row => ({ ...refused, shown: "serviceFailed" }))]) {
      it(`${row.name}: nothing is left on this computer, and ${row.shown} is told`, async () => {
        issuer.faults.set("revoke", row.fault);
        const entry = await window.accounts.remove(credential()?.id ?? "");
        assert.ok(entry);
        const { tokens } = entry.credential;
        await shows(row, revoke(window.http, issuer.issuer, tokens.refreshToken));
        assert.equal(window.accounts.state.active, undefined);
        assert.ok(![...secrets.values.values()].some((text) => text.includes(tokens.refreshToken)));
      });
    }
  });

  it("ends a sign-in and answers with no JSON that can be read, it is ended all the same", async () => {
    for (const kind of ["truncated", "wrongTypes"] as const) {
      issuer.faults.set("revoke", { kind, processed: true, times: 1 });
      await revoke(window.http, issuer.issuer, credential()?.tokens.refreshToken ?? "");
      assert.equal(issuer.recordsOf("revoke").at(-1)?.token, "refresh_token");
    }
  });

  describe("has a clock that differs from ours by", () => {
    for (const hours of [-3, 3]) {
      it(`${hours} hours: the access token is renewed when it is due there`, async () => {
        issuer.setClockSkew(hours * 3600);
        clock.jump(11 * day);
        await window.source.get("chatgpt");
        const renewed = credential();
        const off = hours * 60 * minute;
        assert.ok(Math.abs((renewed?.clockOffset ?? 0) + 11 * day - off) < 5_000);
        // By our clock it lives ten days from when it came, whatever the token's own times say.
        const expiresAt = window.accounts.state.active?.accessTokenExpiresAt ?? 0;
        assert.ok(Math.abs(expiresAt - (clock.now() + 10 * day)) < 5_000);
        await window.source.get("chatgpt");
        clock.jump(10 * day - 6 * minute);
        await window.source.get("chatgpt");
        assert.equal(issuer.recordsOf("refresh").length, 1, "not before it is due");
        clock.jump(2 * minute);
        await window.source.get("chatgpt");
        assert.equal(issuer.recordsOf("refresh").length, 2, "when it is due");
      });
    }
  });
});
