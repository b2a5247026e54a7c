import assert from "node:assert/strict";
import fc from "fast-check";
import type { SecretStorage } from "../../../src/account/secretStorage.ts";
import { isProblem } from "../../../src/shared/problem.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { idOf, memoryLock, openAccounts, recordOf } from "./windows.ts";

type Window = ReturnType<typeof openAccounts>;

/** Secrets whose calls are answered in the order that a scheduler chooses. */
function scheduled(secrets: MemorySecrets, scheduler: fc.Scheduler): SecretStorage {
  return {
    get: scheduler.scheduleFunction(async function get(key: string) {
      return secrets.get(key);
    }),
    async store(key, value) {
      await scheduler.schedule(Promise.resolve(), "store");
      await secrets.store(key, value);
      await scheduler.schedule(Promise.resolve(), "stored");
    },
    async delete(key) {
      await scheduler.schedule(Promise.resolve(), "delete");
      await secrets.delete(key);
    },
    onDidChange: secrets.onDidChange,
  };
}

const add = (name: string) => (window: Window) => window.storeSignIn(recordOf(name, 2_000));
const signOut = (name: string) => async (window: Window) => void (await window.signOutAccount(idOf(name)));
const switchTo = (name: string) => (window: Window) =>
  window.setActive(idOf(name)).catch((error: unknown) => assert.ok(isProblem(error, "notSignedIn")));

interface Story {
  name: string;
  /** What each window does, all at once. */
  does: ((window: Window) => Promise<void>)[];
  /** Who is signed in then, of those that were (a, b) and others. */
  left: string[];
  active?: string;
}
const stories: Story[] = [
  { name: "add two accounts", does: [add("c"), add("d")], left: ["a", "b", "c", "d"] },
  { name: "add three accounts", does: [add("c"), add("d"), add("e")], left: ["a", "b", "c", "d", "e"] },
  { name: "add one account and sign out of another", does: [add("c"), signOut("a")], left: ["b", "c"] },
  { name: "switch the account and add one", does: [switchTo("b"), add("c")], left: ["a", "b", "c"] },
  { name: "sign out of both accounts", does: [signOut("a"), signOut("b")], left: [] },
  { name: "sign out of the same account", does: [signOut("a"), signOut("a")], left: ["b"] },
  { name: "sign out and switch to that account", does: [signOut("a"), switchTo("a")], left: ["b"], active: "b" },
  { name: "sign out and switch to the other", does: [signOut("a"), switchTo("b")], left: ["b"], active: "b" },
  { name: "add, switch and sign out", does: [add("c"), switchTo("b"), signOut("a")], left: ["b", "c"] },
];

describe("Windows that change the accounts at once", () => {
  const namesOf = (window: Window) => window.state.accounts.map(({ id }) => id).toSorted();

  /** @param events how often each window hears of a change in the midst of it, and reads again */
  async function play(story: Story, scheduler: fc.Scheduler, canBeHad: boolean, events: number): Promise<void> {
    const { does, left, active } = story;
    const lock = memoryLock(canBeHad);
    const secrets = new MemorySecrets({ reliable: true });
    const first = openAccounts(secrets, { lock });
    await first.storeSignIn(recordOf("b"));
    await first.storeSignIn(recordOf("a"));
    const slow = scheduled(secrets, scheduler);
    const windows = does.map(() => openAccounts(slow, { lock }));
    const all = async (work: (window: Window, position: number) => Promise<void>) => {
      const done = Promise.all(windows.map(work));
      await scheduler.waitFor(done);
    };
    await all((window) => window.load());
    await all(async (window, position) => {
      const heard = Array.from({ length: events }, () => window.reload());
      await Promise.all([does[position]?.(window), ...heard]);
    });
    if (canBeHad) {
      // Nobody has to hear of anything.
      const deaf = openAccounts(secrets, { lock });
      await deaf.load();
      assert.deepEqual(namesOf(deaf), left.map(idOf).toSorted());
    }
    // Each hears of the others' changes, and says what was lost.
    for (let round = 0; round < 5; round += 1) await all((window) => window.reload());
    const expected = left.map(idOf).toSorted();
    const late = openAccounts(secrets, { lock });
    await late.load();
    for (const window of [...windows, late]) assert.deepEqual(namesOf(window), expected);
    if (active) assert.equal(late.state.active?.id, idOf(active));
    const actives = new Set([...windows, late].map(({ state }) => state.active?.id));
    assert.equal(actives.size, 1, "all windows have the same active account");
    for (const name of ["a", "b", "c", "d", "e"]) {
      assert.equal(secrets.values.has(`credential.${idOf(name)}`), left.includes(name), name);
    }
  }

  for (const story of stories) {
    for (const canBeHad of [true, false]) {
      it(`${story.name}: nobody is lost${canBeHad ? "" : ", also where the lock cannot be had"}`, async () => {
        await fc.assert(
          fc.asyncProperty(fc.scheduler(), fc.nat(2), (scheduler, events) => play(story, scheduler, canBeHad, events)),
          { seed: 12, numRuns: 40 },
        );
      });
    }
  }
});
