import assert from "node:assert/strict";
import { parseIndex } from "../../../src/account/accountIndex.ts";
import type { HeldCredential } from "../../../src/account/credential.ts";
import { memoryHint } from "../../support/accountFixture.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { eventually } from "../../support/timing.ts";
import { always, createFixture, emailsOf, type Fixture } from "./fixture.ts";

describe("An index and a copy of it that read as missing for a while", () => {
  let fixture: Fixture;
  let plus: HeldCredential;
  let owner: HeldCredential;
  let team: HeldCredential;
  before(async () => {
    fixture = await createFixture();
    plus = await fixture.credential("plus@example.com");
    owner = await fixture.credential("owner@example.com");
    team = await fixture.credential("team@example.com");
  });
  after(() => fixture.dispose());

  /**
   * Signs in three people, each in a window of their own, while so many reads of each find nothing.
   * @param signsOut whether the second one signs out
   */
  async function play(indexReads: number, copyReads: number, signsOut: boolean): Promise<void> {
    const folder = temporaryDirectory();
    const secrets = new MemorySecrets({ reliable: true });
    const hint = memoryHint();
    const open = () => fixture.openLoaded({ secrets, directory: folder.path, hint });
    await (await open()).accounts.storeSignIn(plus);
    const nothing = (count: number) => Array.from({ length: count }, () => "nothing" as const);
    secrets.script("get", "accounts", ...nothing(indexReads));
    secrets.script("get", "accounts.copy", ...nothing(copyReads));
    const late = await open();
    await late.accounts.storeSignIn(owner);
    if (signsOut) await late.signOutAccount(owner.id);
    await (await open()).accounts.storeSignIn(team);
    secrets.settle();
    const expected = [...(signsOut ? [] : ["owner@example.com"]), "plus@example.com", "team@example.com"];
    // What a note tells of is read without anybody waiting for it.
    const assertKept = async () =>
      assert.deepEqual(emailsOf(await open()), expected, `${indexReads} and ${copyReads} reads`);
    await eventually(assertKept, 5_000, 5);
    await folder.remove();
  }

  for (const signsOut of [true, false]) {
    const who = signsOut ? "after a sign-out" : "of nobody";
    it(`cost no account ${who}, whenever they are there again`, async () => {
      for (let reads = 0; reads <= 110; reads += 5) await play(reads, reads, signsOut);
    });

    it(`cost no account ${who} when one is there again before the other`, async () => {
      for (let index = 0; index <= 88; index += 44) {
        for (let copy = 0; copy <= 88; copy += 44) await play(index, copy, signsOut);
      }
    });
  }

  describe("cost nobody's account: a copy that was written meanwhile", () => {
    const ended = { id: "0123456789abcdef", signedInAt: 1 };
    const copy = JSON.stringify({ version: 1, ids: [], generation: 5, removed: [ended] });
    let alone: Fixture;
    beforeEach(async () => {
      alone = await createFixture({ reliable: true });
      await alone.signedIn("plus@example.com");
      alone.secrets.values.set("accounts.copy", copy);
      alone.secrets.script("get", "accounts", ...always("nothing" as const));
    });
    afterEach(() => alone.dispose());

    it("does not take the place of the index", async () => {
      await alone.signedIn("owner@example.com");
      alone.secrets.settle();
      assert.deepEqual(emailsOf(await alone.openLoaded()), ["owner@example.com", "plus@example.com"]);
    });

    it("does not say that no account is signed in", async () => {
      await alone.openLoaded();
      assert.notEqual(alone.hint.get(), false);
    });

    it("is written to the index as soon as that can be read", async () => {
      alone.secrets.settle();
      await alone.openLoaded();
      const stored = () => parseIndex(alone.secrets.values.get("accounts")).index?.removed;
      await eventually(() => assert.deepEqual(stored(), [ended]));
    });
  });
});
