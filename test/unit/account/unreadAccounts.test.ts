import assert from "node:assert/strict";
import { memoryHint } from "../../support/accountFixture.ts";
import { MemorySecrets, type Misbehaviour } from "../../support/memorySecrets.ts";
import { always, is } from "./fixture.ts";
import { idOf, memoryLock, memoryNotes, openAccounts, recordOf } from "./windows.ts";

const [a, b, c] = [idOf("a"), idOf("b"), idOf("c")];

describe("A secret that can never be read", () => {
  let secrets: MemorySecrets;
  let options: Parameters<typeof openAccounts>[1];
  beforeEach(async () => {
    secrets = new MemorySecrets({ reliable: true });
    options = { lock: memoryLock(), hint: memoryHint(), refreshNotes: memoryNotes(), limits: { readMs: 20 } };
    const window = openAccounts(secrets, options);
    await window.storeSignIn(recordOf("b"));
    await window.storeSignIn(recordOf("a"));
  });
  const open = async () => {
    const window = openAccounts(secrets, options);
    await window.load();
    return window;
  };
  const namesOf = (window: Awaited<ReturnType<typeof open>>) => window.state.accounts.map(({ id }) => id).toSorted();
  const unreadable = (key: string, how: "rejects" | "hangs") =>
    secrets.script("get", key, ...always<Misbehaviour>(how));

  for (const how of ["rejects", "hangs"] as const) {
    it(`(${how}) and is the index leaves everything that its copy names, and every change works`, async () => {
      unreadable("accounts", how);
      const window = await open();
      assert.deepEqual(namesOf(window), [a, b].toSorted());
      await window.storeSignIn(recordOf("c"));
      await window.signOutAccount(a);
      await window.setActive(b);
      assert.deepEqual(namesOf(await open()), [b, c].toSorted());
      secrets.settle();
      const late = await open();
      assert.deepEqual(namesOf(late), [b, c].toSorted());
      assert.equal(late.state.active?.id, b);
    });

    it(`(${how}) and is the index with its copy is told, and does not keep anybody from signing in`, async () => {
      for (const key of ["accounts", "accounts.copy"]) unreadable(key, how);
      const window = openAccounts(secrets, options);
      await assert.rejects(window.load(), is(how === "hangs" ? "keyringSilent" : "keyringFailed"));
      assert.equal(window.state.unread, "all");
      await window.storeSignIn(recordOf("c"));
      assert.deepEqual(namesOf(window), [c]);
      secrets.settle();
      assert.deepEqual(namesOf(await open()), [a, b, c].toSorted(), "and nobody is lost");
      await window.reload();
      assert.deepEqual(namesOf(window), [a, b, c].toSorted());
      assert.equal(window.state.unread, undefined);
    });

    it(`(${how}) and is a record is one of an account of which nothing else is known; others work`, async () => {
      unreadable(`credential.${a}`, how);
      const window = await open();
      assert.deepEqual(namesOf(window), [b]);
      assert.deepEqual(window.state.unread, [a]);
      assert.equal(window.state.notice, undefined);
      await window.update(b, (credential) => ({ ...credential, creditsAskedAt: 1 }));
      await window.storeSignIn(recordOf("c"));
      await window.signOutAccount(b);
      assert.deepEqual(namesOf(window), [c]);
      secrets.settle();
      await window.reload();
      assert.deepEqual(namesOf(window), [a, c].toSorted());
      assert.equal(window.state.unread, undefined);
    });

    it(`(${how}) and is the only record is told, and does not keep anybody from signing in`, async () => {
      await (await open()).signOutAccount(b);
      unreadable(`credential.${a}`, how);
      const window = openAccounts(secrets, options);
      await assert.rejects(window.load(), is(how === "hangs" ? "keyringSilent" : "keyringFailed"));
      assert.deepEqual(window.state.unread, [a]);
      assert.equal(window.state.active, undefined);
      await window.storeSignIn(recordOf("c"));
      assert.deepEqual(namesOf(window), [c]);
      assert.deepEqual(window.state.unread, [a]);
      secrets.settle();
      await window.load();
      assert.deepEqual(namesOf(window), [a, c].toSorted());
    });
  }
});
