import assert from "node:assert/strict";
import { type AccountsState, createEntry } from "../../../../src/account/state.ts";
import { KnownAccounts } from "../../../../src/editor/sessions/knownAccounts.ts";
import { scopesOf } from "../../../../src/editor/sessions/sessionScopes.ts";
import { isProblem, Problem } from "../../../../src/shared/problem.ts";
import { recordOf } from "../../account/windows.ts";
import { MemoryMemento, type SessionFixture, useSessionFixture } from "./sessionFixture.ts";

describe("Accounts whose records cannot be read just now", () => {
  const [a, b] = [createEntry(recordOf("a")).account, createEntry(recordOf("b")).account];
  const both: AccountsState = { accounts: [a, b], active: a, notice: undefined };
  const idsOf = (known: KnownAccounts) => known.current?.accounts.map(({ id }) => id).toSorted();

  it("stay as they were known, and the active one stays that", () => {
    const known = new KnownAccounts(new MemoryMemento());
    known.update(both, undefined);
    const before = known.current;
    known.update({ accounts: [], active: undefined, notice: undefined, unread: "all" }, undefined);
    assert.deepEqual(known.current, before);
    known.update({ accounts: [], active: undefined, notice: undefined, unread: [a.id] }, undefined);
    assert.deepEqual([idsOf(known), known.current?.active], [[a.id], a.id]);
  });

  it("go when they are signed out, and are not shown twice when they can be read again", () => {
    const known = new KnownAccounts(new MemoryMemento());
    known.update(both, undefined);
    known.update({ accounts: [b], active: b, notice: undefined, unread: [a.id] }, undefined);
    assert.deepEqual([idsOf(known), known.current?.active], [[a.id, b.id].toSorted(), b.id]);
    known.update({ ...both, unread: [a.id] }, undefined);
    assert.deepEqual(idsOf(known), [a.id, b.id].toSorted());
    known.update({ accounts: [b], active: b, notice: undefined }, undefined);
    assert.deepEqual(idsOf(known), [b.id]);
  });

  describe("as sessions", () => {
    let fixture: SessionFixture;
    useSessionFixture((given) => {
      fixture = given;
    });

    for (const which of ["one", "all"]) {
      it(`are no answer of “nobody” to another extension that asks for a token: ${which}`, async () => {
        const id = await fixture.signInAs("plus@example.com");
        const unread = which === "one" ? [id] : which;
        const sessions = fixture.open();
        const { accounts } = fixture;
        Object.defineProperty(accounts, "state", {
          value: { accounts: [], active: undefined, notice: undefined, unread },
        });
        accounts.entry = () => undefined;
        accounts.load = () => Promise.reject(new Problem("keyringFailed"));
        await assert.rejects(sessions.get(scopesOf.chatgpt), (error) => isProblem(error, "keyringFailed"));
        const [session] = await sessions.get(scopesOf.identity);
        assert.ok(session);
        const removed: string[] = [];
        accounts.end = async (of) => void removed.push(of) as undefined;
        await sessions.remove(session.id);
        assert.deepEqual(removed, [id], "and can be signed out");
        sessions.dispose();
      });
    }
  });
});
