import assert from "node:assert/strict";
import type { Credential, HeldCredential } from "../../../src/account/credential.ts";
import { RecordRepair, type RecordRepairDependencies } from "../../../src/account/recordRepair.ts";
import type { TokensChange } from "../../../src/account/replacedTokens.ts";
import { createFixture, type Fixture } from "./fixture.ts";

describe("A sign-out", () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await createFixture();
  });
  afterEach(() => fixture.dispose());

  const cases: readonly [what: string, changes: Partial<Credential>, outcome: string, revoked: number][] = [
    ["a sign-in of ours, which it revokes", {}, "revoked", 1],
    ["a copy of the Codex CLI's login, which it leaves alone", { origin: "copied" }, "codex", 0],
    [
      "a sign-in that may be the Codex CLI's by now, which it leaves alone",
      { handOff: { codexHome: "/home/me/.codex" } },
      "unclear",
      0,
    ],
  ];
  for (const [what, changes, outcome, revoked] of cases) {
    it(`is of ${what}`, async () => {
      const window = fixture.open();
      await window.accounts.storeSignIn({ ...(await fixture.credential()), ...changes } as Credential);
      const ending = await window.signOut.begin(window.accounts.state.active?.id ?? "");
      assert.ok(ending);
      assert.equal((await window.signOut.finish(ending)).signIn, outcome);
      assert.equal(fixture.issuer.recordsOf("revoke").length, revoked);
      assert.deepEqual(window.accounts.state.accounts, []);
    });
  }
});

describe("A record that reads as lost or older than what a window knows", () => {
  let fixture: Fixture;
  let known: Credential;
  let stored: Credential | undefined;
  let writes: number;
  let noted: string[];
  let repair: RecordRepair;
  before(async () => {
    fixture = await createFixture();
  });
  after(() => fixture.dispose());
  beforeEach(async () => {
    known = { ...(await fixture.credential()), sequence: 2 };
    stored = undefined;
    writes = 0;
    noted = [];
    const fakes = {
      store: {
        readCredential: async () => (stored ? { status: "found", credential: stored } : { status: "none" }),
        writeCredential: async () => {
          writes += 1;
        },
      },
      memory: { get: () => ({ credential: known }), index: { version: 1, ids: [known.id] } },
      reader: { readIndex: async () => "found" },
      writer: { deleteRecord: async () => true },
      lock: { hold: (_name: string, work: () => Promise<void>) => work() },
      inTurn: (work: () => Promise<void>) => work(),
      mayStore: async () => true,
      refreshNotes: { read: async () => undefined },
      replacedTokens: {
        isFinished: () => false,
        change: async (_id: string, { added = [] }: TokensChange) => {
          noted.push(...added.map(({ refreshToken }) => refreshToken));
        },
      },
    };
    repair = new RecordRepair(fakes as unknown as RecordRepairDependencies);
  });

  it("is written again, three times at most", async () => {
    for (const earlier of [undefined, { ...known, sequence: 1 }]) {
      stored = earlier;
      for (let times = 0; times < 5; times += 1) await repair.repair(known.id);
    }
    assert.equal(writes, 3);
  });

  it("has its token noted where it is another sign-in's, as its window may be gone", async () => {
    stored = { ...known, sequence: 1 } as Credential;
    await repair.repair(known.id);
    assert.deepEqual(noted, []);
    stored = {
      ...(known as HeldCredential),
      signedInAt: known.signedInAt - 1,
      tokens: { ...known.tokens, accessToken: "another", refreshToken: "rt_another" },
    };
    await repair.repair(known.id);
    assert.deepEqual([noted, writes], [["rt_another"], 2]);
  });

  it("is left alone where it is as new, or newer, when it is looked at again", async () => {
    for (const later of [{ ...known }, { ...known, sequence: 3 }, { ...known, signedInAt: known.signedInAt + 1 }]) {
      stored = later;
      await repair.repair(known.id);
    }
    assert.equal(writes, 0);
  });
});
