import assert from "node:assert/strict";
import { parseCredential } from "../../../src/account/credential.ts";
import { type Migrations, migrateCredential } from "../../../src/account/migrateCredential.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { createFixture, type Fixture } from "./fixture.ts";

const id = "0123456789abcdef";
const key = `credential.${id}`;
const tokens = { idToken: "id-1", accessToken: "access-1", refreshToken: "refresh-1" };
const withoutRefreshToken = { idToken: "id-1", accessToken: "access-1" };
const index = { version: 1, ids: [id], active: id, generation: 1 };

/** Records as version 1 stored them. */
const own = {
  version: 1,
  id,
  origin: "own",
  issuer: "https://auth.openai.com",
  tokens,
  sequence: 3,
  signedInAt: 1_790_000_000_000,
  receivedAt: 1_790_000_000_001,
  lastRefreshAt: 1_790_000_000_001,
  clockOffset: -500,
  derivedKey: { status: "present", key: "sk-derived-0123456789", createdAt: 1_790_000_000_002 },
  creditsAskedAt: 1_790_000_000_003,
};
const handOver = {
  codexHome: "/home/ada/.codex",
  replaced: {
    fingerprint: "2049:77:120:1790000000000",
    attributes: { mode: 384, uid: 1000, gid: 1000 },
    backup: "/home/ada/.codex/auth.json.backup-1",
  },
};
const copied = {
  version: 1,
  id,
  origin: "copied",
  issuer: "https://auth.openai.com",
  tokens,
  sequence: 0,
  signedInAt: 1_790_000_000_000,
  receivedAt: 1_790_000_000_000,
  clockOffset: 0,
  derivedKey: { status: "absent", why: "pending" },
  rejected: "expired",
};
const linked = {
  version: 1,
  id,
  origin: "linked",
  issuer: "https://auth.openai.com",
  tokens: { ...withoutRefreshToken, refreshToken: "kept by the Codex CLI" },
  sequence: 7,
  signedInAt: 1_790_000_000_000,
  receivedAt: 1_790_000_000_001,
  clockOffset: 0,
  derivedKey: { status: "absent", why: "refused" },
  link: { codexHome: "/home/ada/.codex", store: "file", renewHere: true },
};

const becomes: readonly [name: string, stored: object, now: object][] = [
  ["signed in here", own, { ...own, version: 2 }],
  ["copied from the CLI", copied, { ...copied, version: 2 }],
  [
    "linked to the CLI, without the text in place of a refresh token",
    linked,
    {
      ...linked,
      version: 2,
      tokens: withoutRefreshToken,
      link: { codexHome: "/home/ada/.codex", store: "file", refreshHere: true },
    },
  ],
  [
    "linked to the CLI's keyring",
    { ...linked, link: { codexHome: "/home/ada/.codex", store: "keyring", renewHere: false } },
    {
      ...linked,
      version: 2,
      tokens: withoutRefreshToken,
      link: { codexHome: "/home/ada/.codex", store: "keyring", refreshHere: false },
    },
  ],
  [
    "handed off to the CLI, with the outcome still unknown",
    { ...own, handOver },
    { ...own, version: 2, handOff: handOver },
  ],
  [
    "handed off where there was no login before",
    { ...copied, handOver: { codexHome: "/home/ada/.codex" } },
    { ...copied, version: 2, handOff: { codexHome: "/home/ada/.codex" } },
  ],
];

/** What no version of the extension has stored. */
const impossible: readonly [name: string, stored: object][] = [
  ["a linked login with a refresh token", { ...linked, tokens }],
  ["a linked login without its link", { ...linked, link: undefined }],
  ["a linked login that is being handed off", { ...linked, handOver }],
  ["a linked login whose link is no link", { ...linked, link: "~/.codex" }],
  ["a login signed in here that is linked, too", { ...own, link: linked.link }],
  ["a copied login that is linked, too", { ...copied, link: linked.link }],
  ["a login signed in here without a refresh token", { ...own, tokens: linked.tokens }],
  ["a copied login without a refresh token", { ...copied, tokens: withoutRefreshToken }],
  ["an origin that is none", { ...own, origin: "constructor" }],
  ["no tokens", { ...own, tokens: null }],
  ["a hand-off to nowhere", { ...own, handOver: {} }],
];

describe("A record that version 1 stored", () => {
  for (const [name, stored, now] of becomes) {
    it(`stays whole: ${name}`, () => {
      assert.deepEqual(parseCredential(JSON.stringify(stored)), { status: "found", credential: now });
      assert.deepEqual(parseCredential(JSON.stringify(now)), { status: "found", credential: now });
    });
  }

  for (const [name, stored] of impossible) {
    it(`is unreadable when it is impossible: ${name}`, () => {
      assert.deepEqual(parseCredential(JSON.stringify(stored)), { status: "corrupt" });
      assert.deepEqual(parseCredential(JSON.stringify(migrateCredential({ ...stored }))), { status: "corrupt" });
    });
  }

  describe("in a window", () => {
    let fixture: Fixture;
    beforeEach(async () => {
      fixture = await createFixture();
    });
    afterEach(() => fixture.dispose());

    const openOn = async (stored: object) => {
      fixture.secrets.values.set("accounts", JSON.stringify(index));
      fixture.secrets.values.set(key, JSON.stringify(stored));
      const window = fixture.open();
      await window.accounts.load();
      return window;
    };

    for (const stored of [own, copied, linked, { ...own, handOver }]) {
      it(`is stored as version 2 with the next change (${Object.keys(stored).at(-1)} of ${stored.origin})`, async () => {
        const { accounts } = await openOn(stored);
        assert.equal(fixture.secrets.values.get(key), JSON.stringify(stored), "reading writes nothing");
        await accounts.update(id, (credential) => ({ ...credential, creditsAskedAt: 5 }));
        const written = JSON.parse(fixture.secrets.values.get(key) ?? "");
        assert.equal(written.version, 2);
        assert.deepEqual(parseCredential(JSON.stringify(written)), {
          status: "found",
          credential: { ...Object(accounts.entry()?.credential), creditsAskedAt: 5 },
        });
        assert.ok(![...fixture.secrets.values.keys()].some((name) => name.startsWith("setAside")));
      });
    }

    it("is recognized as the older one when the keyring answers with it after a change", async () => {
      const { accounts } = await openOn(linked);
      await accounts.update(id, (credential) => ({ ...credential, creditsAskedAt: 5 }));
      fixture.secrets.values.set(key, JSON.stringify(linked));
      await accounts.reload();
      assert.equal(accounts.entry()?.credential.creditsAskedAt, 5);
    });

    it("is adopted when a window of version 1 that is still open has refreshed the tokens", async () => {
      const { accounts } = await openOn(own);
      await accounts.update(id, (credential) => ({ ...credential, creditsAskedAt: 5 }));
      const refreshed = { ...own, tokens: { ...tokens, accessToken: "access-2" }, sequence: own.sequence + 1 };
      fixture.secrets.values.set(key, JSON.stringify(refreshed));
      await accounts.reload();
      assert.deepEqual(accounts.entry()?.credential, { ...refreshed, version: 2 });
    });

    it("is migrated step by step from an even older version", async () => {
      const { version: _version, signedInAt, ...rest } = await fixture.credential();
      const older = JSON.stringify({ ...rest, version: -1, at: signedInAt });
      assert.deepEqual(parseCredential(older), { status: "corrupt" }, "there is no such version");
      const steps: Migrations = new Map([
        [-1, ({ at, ...record }) => ({ ...record, since: at })],
        [0, ({ since, ...record }) => ({ ...record, signedInAt: since })],
        [1, (record) => record],
      ]);
      const migrated = parseCredential(older, steps);
      assert.deepEqual(migrated, { status: "found", credential: { ...rest, version: 2, signedInAt } });
    });

    it("is kept aside when it is impossible and a sign-in takes its place", async () => {
      const secrets = new MemorySecrets();
      const credential = await fixture.credential();
      const text = JSON.stringify({ ...linked, id: credential.id, tokens });
      secrets.values.set("accounts", JSON.stringify({ ...index, ids: [credential.id], active: credential.id }));
      secrets.values.set(`credential.${credential.id}`, text);
      const { accounts } = fixture.open({ secrets });
      await accounts.load();
      assert.deepEqual([accounts.state.notice, accounts.state.accounts], ["corrupt", []]);
      assert.equal(secrets.values.get(`credential.${credential.id}`), text);
      await accounts.storeSignIn(credential);
      assert.equal(secrets.values.get(`setAside.credential.${credential.id}`), text);
      assert.equal(accounts.state.active?.id, credential.id);
    });
  });
});
