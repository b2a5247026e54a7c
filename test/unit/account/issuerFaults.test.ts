import assert from "node:assert/strict";
import { signOutSentence } from "../../../src/editor/signIn/signOutReport.ts";
import { isProblem, Problem, sentenceFor } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { Fault, TestIssuer } from "../../issuer/types.ts";
import {
  type AccountFixture,
  createAccountFixture,
  credentialFor,
  linkedCredential,
} from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { ManualClock } from "../../support/manualClock.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { passing, type Row, refusals } from "./issuerFaultRows.ts";

const day = 24 * 60 * 60_000;
const minute = 60_000;
/** Far shorter than in the extension, so that an issuer that hangs is tested in no time. */
const hangMs = 300;
/** For one that answers, however busy this computer is. */
const answerMs = 20_000;

describe("When the issuer", () => {
  let issuer: TestIssuer;
  let folder: ReturnType<typeof temporaryDirectory>;
  let secrets: MemorySecrets;
  let clock: ManualClock;
  let window: AccountFixture;
  let timeoutMs: number;

  const meet = (endpoint: "token" | "revoke", fault: Fault) => {
    timeoutMs = fault.kind === "slow" && (fault.delayMs ?? 0) > hangMs ? hangMs : answerMs;
    issuer.faults.set(endpoint, fault);
  };
  const recover = () => {
    timeoutMs = answerMs;
    issuer.faults.clear();
  };

  beforeEach(async () => {
    timeoutMs = answerMs;
    issuer = await startIssuer();
    folder = temporaryDirectory();
    secrets = new MemorySecrets();
    clock = new ManualClock();
    window = createAccountFixture({ secrets, directory: folder.path, clock, timeoutMs: () => timeoutMs });
    // The owner of a Platform organization, whose key can be derived.
    const tokens = await signInByHttp(issuer.issuer, "owner@example.com");
    await window.accounts.storeSignIn(credentialFor(issuer.issuer, tokens, { now: clock.now() }));
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
        meet("token", row.fault);
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

        recover();
        clock.jump(6 * minute);
        if (row.isUsedUp) {
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
        meet("token", row.fault);
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
      issuer.faults.set("token", { kind: "slow", delayMs: 100 });
      clock.jump(11 * day);
      await window.source.get("chatgpt");
      assert.equal(credential()?.sequence, 1);
    });

    it("answers for another account: the answer is not used, and the account needs a sign-in", async () => {
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
        meet("token", { ...row.fault, grant: "token-exchange" });
        const before = credential();
        await derive();
        assert.deepEqual(credential()?.tokens, before?.tokens);
        assert.deepEqual(window.accounts.state.active?.derivedKey, { status: "absent", why: "unreachable" });
        recover();
        await derive();
        const made = credential()?.derivedKey;
        assert.equal(made?.status, "present");
        meet("token", { ...row.fault, grant: "token-exchange" });
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

    it("knows no organization: the sign-in is kept, and the reason is shown", async () => {
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
    const here = "You're signed out of ChatGPT on this computer.";
    const untold =
      "The sign-in couldn't be revoked at OpenAI yet and may still be valid there. This will be tried again later.";
    const told = "The sign-in was also revoked at OpenAI.";
    const over = "At OpenAI, the sign-in was no longer valid.";
    const refused = "OpenAI refused to revoke the sign-in, so it may stay valid there until it expires.";

    let id: string;

    /** Signs out as the command does; resolves with what the person is told. */
    async function signOut(): Promise<{ refreshToken: string; sentence: string }> {
      id = credential()?.id ?? "";
      const ending = await window.signOut.begin(id);
      assert.ok(ending?.credential);
      const { refreshToken = "" } = ending.credential.tokens;
      return {
        refreshToken,
        sentence: signOutSentence(
          ending.credential,
          { isLast: true, ownKeyFollows: false },
          await window.signOut.finish(ending),
        ),
      };
    }

    const isRead = ({ fault }: Row) => fault.kind !== "truncated" && fault.kind !== "wrongTypes";
    for (const row of [...passing.filter(isRead), ...refusals]) {
      const isTriedAgain = passing.includes(row);
      it(`${row.name}: the person is told, and it is ${isTriedAgain ? "done later" : "over"}`, async () => {
        meet("revoke", row.fault);
        const { refreshToken, sentence } = await signOut();
        const final = row.needsSignIn === "rejected" && !row.name.includes("invalid_grant") ? refused : over;
        assert.equal(sentence, `${here} ${isTriedAgain ? untold : final}`);
        assert.equal(window.accounts.state.active, undefined);
        const kept = () => [...secrets.values].filter(([, text]) => text.includes(refreshToken)).map(([key]) => key);
        assert.deepEqual(kept(), isTriedAgain ? [`replaced.${id}`] : []);
        assert.ok(!window.lines.join().includes(refreshToken));
        recover();
        await clock.advance(minute);
        await eventually(() => assert.deepEqual(kept(), []));
        const isRevoked = issuer.recordsOf("revoke").some(({ token }) => token === "refresh_token");
        assert.equal(isRevoked, isTriedAgain);
      });
    }

    for (const kind of ["truncated", "wrongTypes"] as const) {
      it(`answers with no JSON that can be read (${kind}): it is ended all the same, and the person is told so`, async () => {
        issuer.faults.set("revoke", { kind, processed: true, times: 1 });
        assert.equal((await signOut()).sentence, `${here} ${told}`);
        assert.equal(issuer.recordsOf("revoke").at(-1)?.token, "refresh_token");
      });
    }

    it("works: the sign-in is ended there, and the person is told so, and what happens to a key", async () => {
      const entry = window.accounts.entry();
      assert.ok(entry);
      await window.deriver.derive(entry);
      assert.equal(
        (await signOut()).sentence,
        `${here} ${told} The account API key stays valid until you delete it at platform.openai.com.`,
      );
      assert.equal(issuer.recordsOf("revoke").at(-1)?.found, true);
    });

    it("is not asked to end a login that is the Codex CLI's", async () => {
      const own = credential();
      assert.ok(own && own.origin !== "linked");
      for (const [record, sentence] of [
        [linkedCredential(own), "The Codex CLI stays signed in."],
        [{ ...own, origin: "copied" }, "The Codex CLI's login is unchanged."],
      ] as const) {
        secrets.values.clear();
        const directory = `${folder.path}/${record.origin}`;
        window = createAccountFixture({ secrets, directory, clock, timeoutMs: () => timeoutMs });
        await window.accounts.storeSignIn(record);
        assert.equal((await signOut()).sentence, `${here} ${sentence}`);
        assert.deepEqual(issuer.recordsOf("revoke"), []);
      }
    });
  });

  describe("has a clock that differs from ours by", () => {
    for (const hours of [-3, 3]) {
      it(`${hours} hours: the access token is refreshed when it is due there`, async () => {
        issuer.setClockSkew(hours * 3600);
        clock.jump(11 * day);
        await window.source.get("chatgpt");
        const refreshed = credential();
        const off = hours * 60 * minute;
        assert.ok(Math.abs((refreshed?.clockOffset ?? 0) + 11 * day - off) < 5_000);
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
