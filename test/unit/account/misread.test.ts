import assert from "node:assert/strict";
import type { Credential } from "../../../src/account/credential.ts";
import { SecretStore } from "../../../src/account/secretStore.ts";
import { isProblem, type ProblemCode } from "../../../src/shared/problem.ts";
import type { AccountWindow } from "../../support/accountWindow.ts";
import type { Misbehaviour } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { createFixture, day, type Fixture } from "./fixture.ts";

const is = (code: ProblemCode) => (error: unknown) => isProblem(error, code) || assert.fail(String(error));
const always = <T>(value: T): T[] => Array.from({ length: 60 }, () => value);

describe("A secret that says less than what is known", () => {
  let fixture: Fixture;
  let window: AccountWindow;
  let plus: string;
  let team: string;

  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
    window = await fixture.signedIn("team@example.com");
    team = window.accounts.state.active?.id ?? "";
    await window.accounts.put(await fixture.credential("plus@example.com"), { activate: true });
    plus = window.accounts.state.active?.id ?? "";
  });
  afterEach(() => fixture.dispose());

  const emails = ({ accounts }: AccountWindow) => accounts.state.accounts.map(({ email }) => email).sort();
  const both = ["plus@example.com", "team@example.com"];
  const credentialOf = ({ accounts }: AccountWindow, id = plus): Credential => {
    const entry = accounts.entry(id);
    assert.ok(entry);
    return entry.credential;
  };
  async function next(): Promise<AccountWindow> {
    const opened = fixture.open();
    await opened.accounts.load();
    return opened;
  }
  const revocations = () => fixture.issuer.recordsOf("revoke").length;
  /** What the keyring answers for the index from now on, in place of what is stored. */
  function misread(key: string, how: Misbehaviour | string): void {
    for (const secret of key === "accounts" ? ["accounts", "accounts.copy"] : [key]) {
      if (how === "nothing" || how === "older") fixture.secrets.script("get", secret, ...always<Misbehaviour>(how));
      else fixture.secrets.values.set(secret, how);
    }
  }

  const indexes: Record<string, () => string> = {
    "reads as missing": () => "nothing",
    "reads as an older value": () => "older",
    "is corrupt": () => "{",
    "is a newer version's": () => '{"version":2}',
    "is an older one that names only the first account": () =>
      JSON.stringify({ version: 1, ids: [team], active: team }),
    "is an older one with nobody": () => JSON.stringify({ version: 1, ids: [] }),
    "is an older one of the same kind": () => JSON.stringify({ version: 1, ids: [], generation: 1, removed: [] }),
  };

  for (const [name, how] of Object.entries(indexes)) {
    describe(`where the index ${name}`, () => {
      beforeEach(() => misread("accounts", how()));

      it("takes no account from a window that reads it again", async () => {
        await window.accounts.reload();
        await window.accounts.reread(plus);
        await window.accounts.reread(team);
        assert.deepEqual(emails(window), both);
        assert.equal(window.accounts.state.active?.id, plus, "nor is another one the active one");
        assert.equal(fixture.hint.get(), true);
        assert.ok(fixture.secrets.values.has(`credential.${plus}`) && fixture.secrets.values.has(`credential.${team}`));
      });

      for (const action of ["setActive", "remove", "put"] as const) {
        it(`drops no account when ${action} writes it`, async () => {
          const owner = await fixture.credential("owner@example.com");
          if (action === "setActive") await window.accounts.setActive(team);
          else if (action === "remove") await window.accounts.remove(plus);
          else await window.accounts.put(owner, { activate: true });
          fixture.secrets.settle();
          const expected = {
            setActive: both,
            remove: ["team@example.com"],
            put: ["owner@example.com", ...both],
          }[action];
          assert.deepEqual(emails(window), expected);
          assert.deepEqual(emails(await next()), expected);
          assert.equal(
            (await next()).accounts.state.active?.id,
            { setActive: team, remove: team, put: owner.id }[action],
          );
        });
      }

      it("deletes and revokes nothing after a refresh", async () => {
        const { credential } = await window.refresher.refresh(credentialOf(window));
        await window.refresher.settle();
        await window.accounts.reload();
        assert.equal(credentialOf(window).sequence, 1);
        assert.equal(revocations(), 0);
        assert.deepEqual(JSON.parse(fixture.secrets.values.get(`credential.${plus}`) ?? ""), credential);
      });
    });
  }

  const records: Record<string, () => string> = {
    "reads as missing": () => "nothing",
    "reads as an older value": () => "older",
    "is corrupt": () => '{"version":1',
    "is a newer version's": () => '{"version":2}',
    "is another account's": () => fixture.secrets.values.get(`credential.${team}`) ?? "",
  };

  for (const [name, how] of Object.entries(records)) {
    describe(`where a record ${name}`, () => {
      beforeEach(async () => {
        // Renewed, and then changed without being renewed: both leave an older value behind.
        await window.refresher.refresh(credentialOf(window));
        await window.refresher.settle();
        await window.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 7 }));
        misread(`credential.${plus}`, how());
      });

      it("stays as it is known, and nothing is told of it", async () => {
        const before = window.accounts.state;
        const known = credentialOf(window);
        let told = 0;
        window.accounts.onDidChange(() => {
          told += 1;
        });
        await window.accounts.reload();
        assert.deepEqual((await window.accounts.reread(plus))?.credential, known);
        assert.equal(window.accounts.state, before);
        assert.equal(told, 0);
        assert.equal(fixture.hint.get(), true);
      });

      it("is changed on the base of what is known", async () => {
        await window.accounts.update(plus, (credential) => ({
          ...credential,
          derivedKey: { status: "present", key: "sk-derived-0001", createdAt: 1 },
        }));
        fixture.secrets.settle();
        const stored = credentialOf(await next());
        assert.deepEqual([stored.sequence, stored.creditsAskedAt], [1, 7]);
      });

      it("is renewed with the newest refresh token, and nobody is signed out", async () => {
        fixture.clock.jump(11 * day);
        await window.source.get("chatgpt");
        assert.equal(credentialOf(window).sequence, 2);
        assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
        assert.equal(window.accounts.state.active?.rejected, undefined);
        assert.equal(revocations(), 0);
      });

      it("goes with a real sign-out", async () => {
        await window.accounts.remove(plus);
        fixture.secrets.settle();
        assert.deepEqual(emails(window), ["team@example.com"]);
        assert.ok(![...fixture.secrets.values.keys()].some((key) => key.includes(plus)));
        assert.deepEqual(emails(await next()), ["team@example.com"]);
      });
    });
  }

  it("as an older record, to a window that starts, is neither spent nor called rejected where it is stored", async () => {
    await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    const other = await next();
    const stored = fixture.secrets.values.get(`credential.${plus}`);
    misread(`credential.${plus}`, "older");
    const late = fixture.open();
    await late.accounts.load();
    assert.equal(credentialOf(late).sequence, 0);
    await assert.rejects(late.refresher.refresh(credentialOf(late)), is("needsSignIn"));
    // Not even by way of another change of it.
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    await late.refreshNotes.remove(credentialOf(late));
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    assert.equal(fixture.issuer.recordsOf("refresh").length, 1);
    assert.equal(fixture.issuer.recordsOf("reuseDetected").length, 0);
    assert.equal(fixture.secrets.values.get(`credential.${plus}`), stored);
    assert.equal(other.accounts.state.active?.rejected, undefined);
    fixture.secrets.settle();
    await late.accounts.reload();
    assert.equal(late.accounts.state.active?.rejected, undefined, "and all is well once it reads right");
    assert.equal((await late.source.get("chatgpt")).bearer, credentialOf(window).tokens.accessToken);
  });

  it("as an older record, to a window that starts, is looked at again before the account is doubted", async () => {
    await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    fixture.secrets.script("get", `credential.${plus}`, "older", "older");
    const late = await next();
    const { credential } = await late.refresher.refresh(credentialOf(late));
    assert.deepEqual(credential, credentialOf(window));
    assert.equal(late.accounts.state.active?.rejected, undefined);
  });

  it("as an older record, to a window that starts, is not stored again in the place of the newer one", async () => {
    await window.refresher.refresh(credentialOf(window));
    await window.refresher.settle();
    const newest = credentialOf(window);
    misread(`credential.${plus}`, "older");
    const late = await next();
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    await late.deriver.keep(plus, Promise.resolve({ status: "present", key: "sk-derived-0001", createdAt: 1 }));
    fixture.secrets.settle();
    assert.deepEqual(credentialOf(await next()), newest);
    await late.accounts.reload();
    await late.accounts.update(plus, (credential) => ({ ...credential, creditsAskedAt: 1 }));
    assert.deepEqual(credentialOf(await next()), { ...newest, creditsAskedAt: 1 }, "and is, once it reads right");
  });

  for (const how of ["rejects", "nothing"] as const) {
    it(`of one account that cannot be read (${how}) is made up for by the next request, before another account is used`, async () => {
      const looks = how === "nothing" ? always(how).slice(0, 3) : [how];
      fixture.secrets.script("get", `credential.${plus}`, ...looks);
      const late = await next();
      assert.equal(late.accounts.state.active?.id, team);
      assert.equal((await late.source.get("chatgpt")).account, plus);
    });
  }

  it("of the index at the start is made up for by the next request", async () => {
    for (const key of ["accounts", "accounts.copy"])
      fixture.secrets.script("get", key, "nothing", "nothing", "nothing");
    const late = await next();
    assert.equal(late.accounts.state.active, undefined);
    assert.equal((await late.source.get("chatgpt")).account, plus);
    assert.equal(late.accounts.state.notice, undefined);
  });

  it("of two accounts, one that is gone and one that could not be read, is no answer", async () => {
    fixture.secrets.values.delete(`credential.${team}`);
    fixture.secrets.script("get", `credential.${plus}`, "rejects");
    const late = fixture.open();
    await assert.rejects(late.accounts.load(), is("keyringFailed"));
    await late.accounts.load();
    assert.deepEqual(emails(late), ["plus@example.com"]);
  });

  it("as a refusal of the issuer that another window has made past, is looked at again before it is believed", async () => {
    const other = await next();
    await other.refresher.refresh(credentialOf(other));
    await other.refresher.settle();
    // The note is gone, and the record reads as it was: so the old token is spent, and refused.
    await window.refreshNotes.remove(credentialOf(window));
    fixture.secrets.script("get", `credential.${plus}`, "older", "older");
    fixture.issuer.faults.set("token", { kind: "status", status: 401, code: "refresh_token_reused", times: 1 });
    const { credential } = await window.refresher.refresh(credentialOf(window));
    assert.deepEqual(credential, credentialOf(other));
    assert.equal((await next()).accounts.state.active?.rejected, undefined);
  });

  it("is no loss for a window that starts, when it reads right the second time", async () => {
    for (const key of ["accounts", `credential.${plus}`, `credential.${team}`])
      fixture.secrets.script("get", key, "nothing");
    const late = await next();
    assert.deepEqual(emails(late), both);
    assert.equal(late.accounts.state.notice, undefined);
  });

  it("is no loss for a window that starts while the index is gone: its copy is there", async () => {
    fixture.secrets.values.delete("accounts");
    const late = await next();
    assert.deepEqual(emails(late), both);
    await late.accounts.put(await fixture.credential("owner@example.com"), { activate: true });
    assert.equal(emails(await next()).length, 3);
  });

  it("comes back when it can be read again, with what the window remembers of being signed in", async () => {
    const kept = [...fixture.secrets.values];
    fixture.secrets.values.clear();
    const late = await next();
    assert.equal(late.accounts.state.notice, "notKept");
    for (const [key, value] of kept) fixture.secrets.values.set(key, value);
    await late.accounts.reload();
    assert.deepEqual(emails(late), both);
    assert.equal(late.accounts.state.notice, undefined);
    assert.equal(fixture.hint.get(), true);
  });

  it("of one account that is another's neither shows that one twice nor signs it out", async () => {
    misread(`credential.${plus}`, fixture.secrets.values.get(`credential.${team}`) ?? "");
    const late = await next();
    assert.deepEqual(emails(late), ["team@example.com"]);
    assert.equal(await late.accounts.remove(plus), undefined);
    assert.deepEqual(emails(await next()), ["team@example.com"]);
  });

  it("of one account that cannot be read does not keep the others away", async () => {
    fixture.secrets.script("get", `credential.${plus}`, "rejects");
    const late = await next();
    assert.deepEqual(emails(late), ["team@example.com"]);
    await late.accounts.reload();
    assert.deepEqual(emails(late), both);
  });

  it("and two windows that store at the same moment lose no account", async () => {
    const other = await next();
    const [owner, free] = [await fixture.credential("owner@example.com"), await fixture.credential("free@example.com")];
    await Promise.all([window.accounts.put(owner, { activate: true }), other.accounts.put(free, { activate: true })]);
    assert.equal(emails(await next()).length, 4);
  });

  it("and is written over by a window that read the one before is made whole by another that knows better", async () => {
    const other = await next();
    const owner = await fixture.credential("owner@example.com");
    await window.accounts.put(owner, { activate: true });
    misread("accounts", "older");
    await other.accounts.put(await fixture.credential("free@example.com"), { activate: true });
    fixture.secrets.settle();
    assert.ok(!emails(await next()).includes("owner@example.com"), "a window that starts cannot know");
    await window.accounts.reload();
    assert.equal(emails(window).length, 4);
    await eventually(async () => assert.equal(emails(await next()).length, 4));
    const stored = fixture.secrets.values.get("accounts");
    await other.accounts.reload();
    await window.accounts.reload();
    await window.accounts.remove(owner.id);
    await other.accounts.reload();
    assert.equal(emails(other).length, 3);
    assert.equal(
      JSON.parse(fixture.secrets.values.get("accounts") ?? "").generation,
      JSON.parse(stored ?? "").generation + 1,
    );
  });

  it("set aside once stays set aside when what was set aside reads as missing", async () => {
    const key = `credential.${plus}`;
    fixture.secrets.values.set(key, "?");
    const late = await next();
    fixture.secrets.script("get", key, ...always("nothing" as const));
    await late.accounts.put(await fixture.credential("plus@example.com"), { activate: true });
    assert.equal(fixture.secrets.values.get(`setAside.${key}`), "?");
  });
});

describe("A window that starts while the index cannot be read, and in which somebody else signs in", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture({ reliable: true });
  });
  afterEach(() => fixture.dispose());

  const emails = async () => {
    const { accounts } = fixture.open();
    await accounts.load();
    return accounts.state.accounts.map(({ email }) => email).sort();
  };
  const before: Record<string, readonly string[]> = {
    "one account": ["plus@example.com"],
    "two accounts": ["plus@example.com", "team@example.com"],
  };

  for (const [name, signedIn] of Object.entries(before)) {
    for (const unreadable of [["accounts"], ["accounts", "accounts.copy"]]) {
      it(`(${unreadable.join(" and ")}) costs ${name} nothing`, async () => {
        for (const email of signedIn) await fixture.signedIn(email);
        for (const key of unreadable) fixture.secrets.script("get", key, ...always("nothing" as const));
        const late = await fixture.signedIn("owner@example.com");
        assert.equal(late.accounts.state.active?.email, "owner@example.com");
        await late.accounts.update(late.accounts.state.active.id, (credential) => ({
          ...credential,
          creditsAskedAt: 1,
        }));
        fixture.secrets.settle();
        const all = ["owner@example.com", ...signedIn];
        assert.deepEqual(await emails(), all);
        await late.accounts.reload();
        assert.deepEqual(late.accounts.state.accounts.map(({ email }) => email).sort(), all);
        assert.equal(late.accounts.state.notice, undefined);
        await late.accounts.setActive(late.accounts.state.active.id);
        fixture.secrets.values.delete("accounts");
        assert.deepEqual(await emails(), all, "and the copy has them all by now");
      });
    }
  }

  it("costs nothing either when it signs in two and signs one out", async () => {
    await fixture.signedIn("plus@example.com");
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("nothing" as const));
    const late = await fixture.signedIn("owner@example.com");
    const owner = late.accounts.state.active?.id ?? "";
    await late.accounts.put(await fixture.credential("team@example.com"), { activate: true });
    await late.accounts.remove(owner);
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["plus@example.com", "team@example.com"]);
  });

  it("costs nothing either when the window was reloaded before the sign-in", async () => {
    await fixture.signedIn("plus@example.com");
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("nothing" as const));
    const first = fixture.open();
    await first.accounts.load();
    assert.equal(first.accounts.state.notice, "notKept");
    const late = fixture.open();
    await late.accounts.load();
    assert.equal(late.accounts.state.notice, undefined, "it is told once");
    await late.accounts.put(await fixture.credential("owner@example.com"), { activate: true });
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["owner@example.com", "plus@example.com"]);
  });

  it("costs nothing either when that somebody has signed out again before the next sign-in", async () => {
    await fixture.signedIn("plus@example.com");
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("nothing" as const));
    const late = await fixture.signedIn("owner@example.com");
    await late.accounts.remove(late.accounts.state.active?.id ?? "");
    await fixture.signedIn("team@example.com");
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["plus@example.com", "team@example.com"]);
  });

  for (const start of ["nobody was", "somebody was", "nobody was any more"]) {
    it(`costs nothing either in a window that started when ${start} signed in, and has not heard of others`, async () => {
      if (start !== "nobody was") {
        const { accounts } = await fixture.signedIn("team@example.com");
        if (start !== "somebody was") await accounts.remove(accounts.state.active?.id ?? "");
      }
      const late = fixture.open();
      await late.accounts.load();
      await fixture.signedIn("plus@example.com");
      for (const key of ["accounts", "accounts.copy"])
        fixture.secrets.script("get", key, ...always("nothing" as const));
      await late.accounts.put(await fixture.credential("owner@example.com"), { activate: true });
      fixture.secrets.settle();
      const both = ["owner@example.com", "plus@example.com"];
      assert.deepEqual(await emails(), start === "somebody was" ? [...both, "team@example.com"] : both);
    });
  }

  it("is seen by the other windows, which hear of what it writes", async () => {
    const window = await fixture.signedIn("plus@example.com");
    const late = fixture.open();
    for (const key of ["accounts", "accounts.copy"])
      fixture.secrets.script("get", key, "nothing", "nothing", "nothing");
    await late.accounts.load();
    await late.accounts.put(await fixture.credential("owner@example.com"), { activate: true });
    let heard = 0;
    new SecretStore(fixture.secrets).onDidChange(() => {
      heard += 1;
    });
    for (const key of ["accounts", "accounts.copy"]) fixture.secrets.script("get", key, ...always("nothing" as const));
    await late.accounts.setActive(late.accounts.state.active?.id ?? "");
    assert.equal(heard, 1);
    fixture.secrets.settle();
    await window.accounts.reload();
    assert.equal(window.accounts.state.active?.email, "owner@example.com");
  });

  it("costs nobody anything whom the first version has signed in", async () => {
    const window = await fixture.signedIn("plus@example.com");
    await window.accounts.put(await fixture.credential("team@example.com"), { activate: true });
    const ids = window.accounts.state.accounts.map(({ id }) => id);
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids, active: ids[0] }));
    fixture.secrets.values.delete("accounts.copy");
    fixture.secrets.script("get", "accounts", ...always("nothing" as const));
    await fixture.signedIn("owner@example.com");
    fixture.secrets.settle();
    assert.deepEqual(await emails(), ["owner@example.com", "plus@example.com", "team@example.com"]);
  });

  it("costs them nothing either where this version has only switched between them", async () => {
    const ids = [];
    for (const email of ["plus@example.com", "team@example.com"]) {
      const credential = await fixture.credential(email);
      ids.push(credential.id);
      fixture.secrets.values.set(`credential.${credential.id}`, JSON.stringify(credential));
    }
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids, active: ids[0] }));
    const { accounts } = fixture.open();
    await accounts.load();
    await accounts.setActive(ids[1] ?? "");
    fixture.secrets.values.delete("accounts");
    assert.deepEqual(await emails(), ["plus@example.com", "team@example.com"]);
  });

  it("keeps a copy aside that only a newer version can read", async () => {
    await fixture.signedIn("plus@example.com");
    fixture.secrets.values.delete("accounts");
    fixture.secrets.values.set("accounts.copy", '{"version":2}');
    await fixture.signedIn("owner@example.com");
    assert.equal(fixture.secrets.values.get("setAside.accounts.copy"), '{"version":2}');
    assert.deepEqual(await emails(), ["owner@example.com"]);
  });

  it("is of use where the one before is truly gone", async () => {
    await fixture.signedIn("plus@example.com");
    fixture.secrets.values.clear();
    await fixture.signedIn("owner@example.com");
    assert.deepEqual(await emails(), ["owner@example.com"]);
    const window = await fixture.signedIn("team@example.com");
    assert.deepEqual(await emails(), ["owner@example.com", "team@example.com"]);
    assert.deepEqual(fixture.secrets.values.get("accounts"), fixture.secrets.values.get("accounts.copy"));
    assert.equal(window.accounts.state.notice, undefined);
  });

  it("finds whom the first version has signed in since the copy was written", async () => {
    const window = await fixture.signedIn("plus@example.com");
    await window.accounts.put(await fixture.credential("team@example.com"), { activate: true });
    const ids = window.accounts.state.accounts.map(({ id }) => id);
    const owner = await fixture.credential("owner@example.com");
    fixture.secrets.values.set(`credential.${owner.id}`, JSON.stringify(owner));
    fixture.secrets.values.set("accounts", JSON.stringify({ version: 1, ids: [...ids, owner.id], active: owner.id }));
    assert.deepEqual(await emails(), ["owner@example.com", "plus@example.com", "team@example.com"]);
  });
});
