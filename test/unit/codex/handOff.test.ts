import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fileSystem, {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";
import { accountIdOf, type Credential, claimsOf, keptByTheCli } from "../../../src/account/credential.ts";
import { readAuthFile } from "../../../src/codex/authFile/read.ts";
import { replacedFile } from "../../../src/codex/authFile/write.ts";
import { handOff } from "../../../src/codex/handOff.ts";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import type { Lock } from "../../../src/platform/lock.ts";
import { Problem, WordedProblem } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import { MemorySecrets } from "../../support/memorySecrets.ts";
import { createServices, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";
import { temporaryFolder } from "./authFile/temporaryFolder.ts";

const { lstat } = fileSystem;

/** The login that the CLI had before: another person's, with a key of its own, formatted by hand. */
const earlier = '{ "auth_mode":"apikey", "OPENAI_API_KEY":"sk-proj-of-the-person-0123456789" }\r\n';

describe("handing a sign-in over to the Codex CLI", function () {
  this.timeout(40_000);
  const folder = temporaryFolder();
  const home = () => join(folder(), ".codex");
  const file = () => join(home(), "auth.json");
  let issuer: TestIssuer;
  let windows: TestServices[];

  before(async () => {
    issuer = await startIssuer();
  });
  after(async () => issuer.close());
  beforeEach(async () => {
    windows = [];
    await mkdir(home());
  });
  afterEach(async () => {
    Object.assign(fileSystem, { lstat });
    syncBuiltinESMExports();
    for (const window of windows) await window.dispose();
  });

  /** The CLI's time is up, and that for saving what it may still save, when it has done what it does. */
  const clock: Clock = {
    now: () => systemClock.now(),
    after(ms, callback) {
      if (ms !== 8_000 && ms !== 20_000) return systemClock.after(ms, callback);
      let disposed = false;
      const look = async () => {
        const isDone = (await readFile(join(home(), "statuses"), "utf8").catch(() => "")).endsWith("done\n");
        if (!disposed) next = systemClock.after(50, isDone ? callback : () => void look());
      };
      let next = systemClock.after(200, () => void look());
      return {
        dispose() {
          disposed = true;
          next.dispose();
        },
      };
    },
  };

  async function openWindow(
    behaviour: string,
    secrets = new MemorySecrets(),
    change: { directory?: string } = {},
  ): Promise<TestServices> {
    const program = join(folder(), `codex-${behaviour}`);
    const script = join(import.meta.dirname, "fakeCli.ts");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${script}" ${behaviour} ${issuer.origin} "$@"\n`);
    await chmod(program, 0o700);
    const window = await createServices({
      issuer: issuer.origin,
      secrets,
      clock,
      ...change,
      codex: {
        userHome: folder(),
        environment: { HOME: folder(), PATH: "/nowhere" },
        codexPath: () => (behaviour === "none" ? "" : program),
      },
    });
    windows.push(window);
    await window.accounts.load();
    return window;
  }

  /** A window that is signed in. */
  async function signedIn(behaviour: string, secrets?: MemorySecrets): Promise<TestServices> {
    const window = await openWindow(behaviour, secrets);
    await window.signIn.run();
    return window;
  }

  const credential = (window: TestServices): Credential => {
    const entry = window.accounts.entry();
    assert.ok(entry);
    return entry.credential;
  };

  async function over(window: TestServices): Promise<string | undefined> {
    const read = await readAuthFile(file());
    const replace = read.status === "read" ? read : undefined;
    return handOff({ ...window, clock }, { id: credential(window).id, codexHome: home(), replace });
  }

  const tokensInFile = async () => JSON.parse(await readFile(file(), "utf8")).tokens;
  const backups = async () => (await readdir(home())).filter((name) => name.startsWith("auth.json.backup"));
  const isLive = (token: string) =>
    issuer.secrets().some(({ kind, value }) => kind === "refresh_token" && value === token);

  async function writeEarlier(): Promise<void> {
    await writeFile(file(), earlier);
    await chmod(file(), 0o640);
  }

  async function assertEarlier(): Promise<void> {
    assert.equal(await readFile(file(), "utf8"), earlier);
    assert.equal((await stat(file())).mode & 0o777, 0o640);
    assert.deepEqual(await backups(), []);
  }

  const loginOf = ({ tokens }: Credential, change: object = {}) =>
    JSON.stringify({
      auth_mode: "chatgpt",
      tokens: {
        id_token: tokens.idToken,
        access_token: tokens.accessToken,
        refresh_token: tokens.refreshToken,
        ...change,
      },
    });

  /** The access token of a record, as if it had been issued so many seconds later. */
  function issuedLater({ tokens }: Credential, seconds: number): string {
    const [header, payload = "", signature] = tokens.accessToken.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const changed = Buffer.from(JSON.stringify({ ...claims, iat: claims.iat + seconds })).toString("base64url");
    return [header, changed, signature].join(".");
  }

  /** The sign-in is as it was, and works: it is renewed. */
  async function assertOurs(window: TestServices, before: Credential): Promise<void> {
    assert.deepEqual(credential(window), before);
    const reuse = issuer.recordsOf("reuseDetected").length;
    await window.refresher.refresh(before);
    assert.equal(credential(window).origin, "own");
    assert.equal(issuer.recordsOf("reuseDetected").length, reuse);
  }

  describe("that holds this very login", () => {
    for (const behaviour of ["rotates", "greets", "thenRewrites"]) {
      it(`gives it away, without a key, and keeps what stood there (${behaviour})`, async () => {
        await writeEarlier();
        const window = await signedIn(behaviour);
        const { id, derivedKey, ...rest } = credential(window);
        const { refreshToken } = rest.tokens;
        await window.accounts.put({
          ...rest,
          id,
          derivedKey: { status: "present", key: "sk-derived-0123456789", createdAt: 1 },
        });
        const backup = await over(window);
        assert.equal(await readFile(backup ?? "", "utf8"), earlier);
        const text = await readFile(file(), "utf8");
        assert.equal(JSON.parse(text).OPENAI_API_KEY ?? null, null);
        assert.ok(!text.includes("sk-"), text);
        assert.equal(JSON.parse(text).tokens.refresh_token, refreshToken);
        const { origin, tokens, link, handOff: left } = credential(window);
        assert.deepEqual([origin, tokens.refreshToken, left], ["linked", keptByTheCli, undefined]);
        assert.deepEqual(link, { codexHome: home(), store: "file", refreshHere: false });
        assert.ok(![...(window.secrets as MemorySecrets).values.values()].join().includes(refreshToken));
      });
    }

    it("adopts what the CLI has made of it meanwhile", async () => {
      const reuse = issuer.recordsOf("reuseDetected").length;
      for (const behaviour of ["thenRenews", "thenRenewsAndDies", "thenRenewsAndHangs"]) {
        await rm(home(), { recursive: true });
        await mkdir(home());
        await writeEarlier();
        const window = await signedIn(behaviour);
        const before = credential(window);
        await over(window);
        const inFile = await tokensInFile();
        assert.notEqual(inFile.refresh_token, before.tokens.refreshToken);
        assert.ok(isLive(inFile.refresh_token));
        const now = credential(window);
        assert.deepEqual([now.origin, now.tokens.accessToken], ["linked", inFile.access_token], behaviour);
        await window.linkedAccounts.dispose();
      }
      assert.equal(issuer.recordsOf("reuseDetected").length, reuse);
    });

    it("is linked in the keyring when the CLI has moved it there", async () => {
      const window = await signedIn("thenKeepsInKeyring");
      const { accessToken } = credential(window).tokens;
      await over(window);
      const { origin, link, tokens } = credential(window);
      assert.deepEqual([origin, link?.store, tokens.accessToken], ["linked", "keyring", accessToken]);
    });
  });

  const refusals: readonly (readonly [string, RegExp])[] = [
    ["thenHangs", /did not answer in time/],
    ["thenDies", /ended without an answer/],
    ["thenIsTooOld", /too old/],
    ["thenRefuses", /could not do this/],
    ["thenTalksRubbish", /did not answer like the Codex CLI/],
    ["thenIsAnother", /did not take over/],
    ["thenUsesAKey", /did not take over/],
    ["thenIsSignedOut", /did not take over/],
    ["thenLogsOut", /did not take over/],
    ["thenLogsOutAndLies", /did not take over/],
    ["thenKeepsAnOlderOne", /did not take over/],
    ["thenKeepsAnothers", /did not take over/],
    ["thenWritesAnotherForm", /did not take over/],
    ["thenUsesAKeyBesideIt", /did not take over/],
  ];
  for (const [behaviour, sentence] of refusals) {
    it(`puts the earlier file back, and the sign-in stays ours, with a CLI that ${behaviour}`, async () => {
      await writeEarlier();
      const window = await signedIn(behaviour);
      const before = credential(window);
      await assert.rejects(over(window), (error) => error instanceof WordedProblem && sentence.test(error.message));
      await assertEarlier();
      await assertOurs(window, before);
    });
  }

  it("leaves no file where there was none", async () => {
    for (const behaviour of ["thenIsAnother", "thenLogsOut"]) {
      await rm(join(home(), "statuses"), { force: true });
      const window = await signedIn(behaviour);
      const before = credential(window);
      await assert.rejects(over(window), /did not take over/);
      assert.deepEqual(await readdir(home()), ["statuses"]);
      await assertOurs(window, before);
    }
  });

  for (const dangling of [false, true]) {
    it(`leaves a symbolic link as it was (${dangling ? "to no file" : "to the earlier file"})`, async () => {
      const target = join(folder(), "dotfiles", "login.json");
      await mkdir(join(folder(), "dotfiles"));
      await symlink(target, file());
      if (!dangling) await writeEarlier();
      const window = await signedIn("thenIsAnother");
      const before = credential(window);
      await assert.rejects(over(window), /did not take over/);
      assert.equal(await readlink(file()), target);
      if (!dangling) await assertEarlier();
      assert.deepEqual(await readdir(join(folder(), "dotfiles")), dangling ? [] : ["login.json"]);
      assert.deepEqual(await backups(), []);
      await assertOurs(window, before);
    });
  }

  for (const [behaviour, put] of [
    ["thenIsSwitched", /switched-by-somebody-else/],
    ["thenIsSwitchedToAnOlderOne", /rt\.of-an-old-copy/],
  ] as const) {
    it(`leaves what somebody else has put there meanwhile, and the backup (${behaviour})`, async () => {
      await writeEarlier();
      const window = await signedIn(behaviour);
      const before = credential(window);
      await assert.rejects(over(window), /was changed during the handover/);
      assert.match(await readFile(file(), "utf8"), put);
      assert.equal((await backups()).length, 1);
      await assertOurs(window, before);
    });
  }

  describe("is refused before anything is written, with the setting's name, under", () => {
    const rules: readonly (readonly [string, RegExp])[] = [
      ['forced_login_method = "api"', /forced_login_method/],
      ['forced_login_method = "something new"', /forced_login_method/],
      ['forced_chatgpt_workspace_id = "another"', /forced_chatgpt_workspace_id/],
      ['forced_chatgpt_workspace_id = ["another", "third"]', /forced_chatgpt_workspace_id/],
      ["forced_chatgpt_workspace_id = 7", /forced_chatgpt_workspace_id/],
      ['cli_auth_credentials_store = "auto"', /cli_auth_credentials_store/],
      ['cli_auth_credentials_store = "keyring"', /cli_auth_credentials_store/],
      ['cli_auth_credentials_store = "ephemeral"', /cli_auth_credentials_store/],
      ["this is not TOML", /config\.toml/],
    ];
    for (const [config, sentence] of rules) {
      it(config, async () => {
        await writeEarlier();
        await writeFile(join(home(), "config.toml"), `model = "x"\n${config}\n`);
        const window = await signedIn("rotates");
        const before = credential(window);
        await assert.rejects(over(window), (error) => error instanceof WordedProblem && sentence.test(error.message));
        await assertEarlier();
        assert.deepEqual((await readdir(home())).sort(), ["auth.json", "config.toml"]);
        await assertOurs(window, before);
      });
    }

    it("a config.toml that is no file", async () => {
      await writeEarlier();
      const window = await signedIn("rotates");
      const before = credential(window);
      const config = join(home(), "config.toml");
      for (const make of [
        () => mkdir(config),
        async () => execFileSync("mkfifo", [config]),
        () => symlink(config, config),
      ]) {
        await make();
        await assert.rejects(over(window), /config\.toml/);
        await assertEarlier();
        assert.deepEqual(credential(window), before);
        await rm(config, { recursive: true });
      }
    });

    it("a configuration that only the CLI knows of", async () => {
      for (const config of [
        { forced_login_method: "api" },
        { forced_chatgpt_workspace_id: ["another"] },
        { cli_auth_credentials_store: "auto" },
      ]) {
        await writeEarlier();
        await writeFile(join(home(), "config-in-force.json"), JSON.stringify(config));
        const window = await signedIn("rotates");
        const before = credential(window);
        await assert.rejects(over(window), new RegExp(Object.keys(config)[0] ?? ""));
        await assertEarlier();
        await assertOurs(window, before);
      }
    });
  });

  it("is refused before anything is written where the CLI does not tell which rules hold", async () => {
    await writeEarlier();
    const sentence = /did not say which of its settings hold.*config\.toml.*Let the CLI Sign In/;
    for (const behaviour of ["failsAtConfiguration", "tellsNoConfiguration"]) {
      const window = await signedIn(behaviour);
      const before = credential(window);
      let changes = 0;
      window.accounts.onDidChange(() => {
        changes += 1;
      });
      await assert.rejects(over(window), (error) => error instanceof WordedProblem && sentence.test(error.message));
      assert.equal(changes, 0);
      await assertEarlier();
      await assertOurs(window, before);
    }
  });

  it("neither begins nor is settled while another window asks the CLI to renew its login", async () => {
    const window = await signedIn("rotates");
    const before = credential(window);
    const other = await openWindow("rotates", window.secrets as MemorySecrets, { directory: window.directory });
    const release = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const holding = other.lock.hold("codex-cli", async () => {
      taken.resolve();
      await release.promise;
    });
    await taken.promise;
    let isOver = false;
    const wanted: string[] = [];
    const lock: Lock = {
      hold(name, ...rest) {
        wanted.push(name);
        return window.lock.hold(name, ...rest);
      },
    };
    const what = { id: before.id, codexHome: home(), replace: undefined };
    const handing = handOff({ ...window, lock, clock }, what).finally(() => {
      isOver = true;
    });
    await eventually(() => assert.deepEqual(wanted, [before.id, "codex-cli"]));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual([isOver, credential(window), await readdir(home())], [false, before, []]);
    release.resolve();
    await Promise.all([holding, handing]);
    assert.equal(credential(window).origin, "linked");

    const again = Promise.withResolvers<void>();
    const unsettled = { ...before, handOff: { codexHome: home() } };
    let isSettled = false;
    let settling: Promise<unknown> | undefined;
    await window.refreshNotes.remove(before);
    await other.lock.hold("codex-cli", async () => {
      settling = window.linkedAccounts.settleHandOff(unsettled).finally(() => {
        isSettled = true;
        again.resolve();
      });
      await Promise.race([again.promise, new Promise((resolve) => setTimeout(resolve, 500))]);
      assert.equal(isSettled, false);
    });
    await settling;
  });

  it("is not refused under a policy that allows it", async () => {
    const window = await signedIn("rotates");
    const workspace = window.accounts.entry()?.account.accountId;
    const config = `forced_login_method = "chatgpt"\nforced_chatgpt_workspace_id = ["x", "${workspace}"]\n`;
    await writeFile(join(home(), "config.toml"), `${config}cli_auth_credentials_store = "file"\n`);
    await over(window);
    assert.equal(credential(window).origin, "linked");
  });

  it("is refused where the CLI uses another login than that of its file, or is not installed", async () => {
    await writeEarlier();
    const tokens = await signInByHttp(issuer.origin, "plus@example.com");
    await writeFile(join(home(), "keyring.json"), JSON.stringify({ tokens }));
    const window = await signedIn("keyring");
    const before = credential(window);
    await assert.rejects(over(window), /uses a login other than/);
    const without = await openWindow("none", window.secrets as MemorySecrets);
    await assert.rejects(over(without), /was not found/);
    await assertEarlier();
    await assertOurs(window, before);
  });

  it("is refused for a sign-in that is not accepted any more, and for what is linked already", async () => {
    const window = await signedIn("rotates");
    await window.accounts.put({ ...credential(window), rejected: "revoked" });
    await assert.rejects(over(window), { code: "needsSignIn" });
    await window.accounts.put({ ...credential(window), origin: "linked" });
    await assert.rejects(over(window), (error) => error instanceof Problem && error.code === "notSignedIn");
    assert.deepEqual(await readdir(home()), []);
  });

  it("is refused for a sign-in of another issuer, whose token the CLI would send to OpenAI", async () => {
    await writeEarlier();
    const window = await signedIn("rotates");
    for (const address of ["https://login.example.com", "https://auth.openai.com.example.com", "odd"]) {
      await window.accounts.put({ ...credential(window), issuer: address });
      await assert.rejects(over(window), /not from OpenAI's own sign-in service/, address);
      await assertEarlier();
      assert.equal(credential(window).handOff, undefined);
    }
  });

  it("is refused for a sign-in that names no ChatGPT workspace: the CLI would never renew it", async () => {
    const window = await signedIn("rotates");
    const before = credential(window);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const nameless = `${encode({ alg: "none" })}.${encode({ email: "nobody@example.com", exp: 4e9 })}.c2ln`;
    const tokens = { ...before.tokens, idToken: nameless, accessToken: nameless };
    const id = accountIdOf(before.issuer, claimsOf(tokens));
    await window.accounts.put({ ...before, id, tokens }, { activate: true });
    await assert.rejects(over(window), /names no ChatGPT workspace/);
    assert.deepEqual([await readdir(home()), credential(window).handOff], [[], undefined]);
  });

  for (const had of [true, false]) {
    it(`is taken back when another program puts a copy in the new file's place (${had ? "over" : "without"} an earlier)`, async () => {
      if (had) await writeEarlier();
      const window = await signedIn("rotates");
      const before = credential(window);
      let copied = false;
      fileSystem.lstat = (async (path: string) => {
        if (!copied && (await readFile(file(), "utf8").catch(() => "")).includes(before.tokens.refreshToken)) {
          copied = true;
          await copyFile(file(), join(home(), "copy"));
          await rename(join(home(), "copy"), file());
        }
        return lstat(path);
      }) as typeof lstat;
      syncBuiltinESMExports();
      await assert.rejects(over(window), /could not be written/);
      assert.ok(copied);
      if (had) await assertEarlier();
      else assert.deepEqual(await readdir(home()), []);
      await assertOurs(window, before);
    });
  }

  it("is refused to a window that reads the record as it was before it was renewed or handed over", async () => {
    for (const change of ["renewed", "handed over"]) {
      const secrets = new FailingSecrets();
      const window = await signedIn("rotates", secrets);
      // What it reads, no other window does.
      const itsSecrets = Object.assign(new FailingSecrets(), { values: secrets.values });
      const other = await openWindow("rotates", itsSecrets, { directory: window.directory });
      const text = [...secrets.values.values()].find((value) => value.includes('"origin":"own"'));
      if (change === "renewed") await window.refresher.refresh(credential(window));
      else await over(window);
      const before = credential(window);
      const files = await readdir(home());
      itsSecrets.older = text;
      await assert.rejects(over(other), { code: "staleWindow" });
      assert.equal(itsSecrets.older, undefined);
      assert.deepEqual(await readdir(home()), files);
      await window.accounts.reload();
      assert.deepEqual(credential(window), before);
      await rm(file(), { force: true });
    }
  });

  it("puts the file back when the account is signed out meanwhile", async () => {
    await writeEarlier();
    const secrets = new FailingSecrets();
    const window = await signedIn("rotates", secrets);
    const { id } = credential(window);
    let removal: Promise<unknown> | undefined;
    secrets.around = async () => {
      removal ??= window.accounts.remove(id);
    };
    await assert.rejects(over(window), { code: "notSignedIn" });
    await removal;
    await assertEarlier();
    assert.equal(window.accounts.entry(id), undefined);
  });

  it("puts the file back when the link cannot be stored", async () => {
    await writeEarlier();
    const secrets = new FailingSecrets();
    const window = await signedIn("rotates", secrets);
    const before = credential(window);
    secrets.refuses = (value) => value.includes('"origin":"linked"');
    await assert.rejects(over(window), { code: "saveFailed" });
    await assertEarlier();
    await assertOurs(window, before);
  });

  it("keeps the refresh token where the link was stored although the keyring said otherwise, and the file cannot be put back", async () => {
    await writeEarlier();
    const secrets = new FailingSecrets();
    const window = await signedIn("rotates", secrets);
    const before = credential(window);
    let text = "";
    secrets.after = async (value) => {
      if (text !== "" || !value.includes('"origin":"linked"')) return;
      text = await readFile(file(), "utf8");
      await rm(file());
      await mkdir(file());
      throw new Error("the keyring is locked");
    };
    await assert.rejects(over(window), WordedProblem);
    const stored = () => JSON.parse(secrets.values.get(`credential.${before.id}`) ?? "") as Credential;
    assert.deepEqual([stored().origin, stored().tokens], ["own", before.tokens]);
    assert.ok(stored().handOff);
    await rm(file(), { recursive: true });
    await writeFile(file(), text);
    await window.linkedAccounts.endHandOff(before.id);
    await assertEarlier();
    await assertOurs(window, before);
  });

  for (const had of ["an earlier file", "no file", "a file with a newer login of the same account"]) {
    it(`is not lost by a window that stood still until another had taken it back (${had})`, async () => {
      const secrets = new FailingSecrets();
      const window = await signedIn("rotates", secrets);
      const before = credential(window);
      if (had === "an earlier file") await writeEarlier();
      const newer = loginOf(before, { refresh_token: "rt.of-the-cli", access_token: issuedLater(before, 60) });
      if (had.startsWith("a file")) await writeFile(file(), newer);
      let other: TestServices | undefined;
      secrets.before = async (value) => {
        if (other || !value.includes('"origin":"linked"')) return;
        // It has other locks, as if ours had been taken from us.
        other = await openWindow("lazy", secrets);
        const { accounts } = other;
        await eventually(() => assert.equal(accounts.entry()?.credential.handOff, undefined));
      };
      await assert.rejects(over(window), /did not take over/);
      assert.ok(other);
      if (had === "an earlier file") await assertEarlier();
      else if (had === "no file") assert.deepEqual(await readdir(home()), []);
      else assert.equal(await readFile(file(), "utf8"), newer);
      // Newer than the link, for windows that have read it.
      const { sequence } = credential(window);
      assert.ok(sequence > before.sequence + 1);
      await assertOurs(window, { ...before, sequence });
    });
  }

  for (const [older, index] of [
    ["before the hand-over", 0],
    ["during the hand-over", 1],
  ] as const) {
    it(`is neither spent nor taken back by a window that reads the record as it was ${older}`, async () => {
      const secrets = new FailingSecrets();
      const window = await signedIn("rotates", secrets);
      const { directory } = window;
      const other = await openWindow("rotates", secrets, { directory });
      const texts = [...secrets.values.values()].filter((text) => text.includes('"origin":"own"'));
      secrets.before = async (value) => void texts.push(value);
      const before = credential(window);
      await over(window);
      const text = await readFile(file(), "utf8");
      const refreshes = issuer.recordsOf("refresh").length;
      secrets.older = texts[index];
      const { credential: now } = await other.refresher.refresh(credential(other));
      assert.equal(secrets.older, undefined);
      assert.deepEqual([now.origin, now.handOff], ["linked", undefined]);
      assert.ok(texts[index]?.includes('"handOff"') === (index === 1));
      assert.equal(issuer.recordsOf("refresh").length, refreshes);
      assert.equal(await readFile(file(), "utf8"), text);
      assert.ok(isLive(before.tokens.refreshToken));
    });
  }

  describe("cut off by a crash", () => {
    for (const [behaviour, had] of [
      ["rotates", true],
      ["rotates", false],
      ["thenRenews", true],
      ["thenLogsOut", true],
      ["thenIsAnother", false],
    ] as const) {
      it(`at any step has one owner afterwards (${behaviour}, ${had ? "over an earlier" : "without a"} file)`, async () => {
        if (had) await writeEarlier();
        const secrets = new FailingSecrets();
        const moments: Moment[] = [];
        const window = await signedIn(behaviour, secrets);
        const { refreshToken } = credential(window).tokens;
        secrets.around = async () => {
          moments.push(await look(secrets));
        };
        await over(window).catch(() => undefined);
        await window.linkedAccounts.dispose();
        secrets.around = async () => undefined;
        assert.ok(moments.length >= 4, String(moments.length));
        // Between the file and the record, too: what is in the secrets before each change, with the files after it.
        const crashed = [
          ...moments,
          ...moments.slice(1).map((moment, index) => ({ ...moment, secrets: moments[index]?.secrets ?? new Map() })),
        ];
        for (const moment of crashed) {
          await rm(home(), { recursive: true });
          await mkdir(home());
          for (const [name, { content, mode }] of moment.files) {
            await writeFile(join(home(), name), content);
            await chmod(join(home(), name), mode);
          }
          const kept = new MemorySecrets();
          for (const [key, value] of moment.secrets) kept.values.set(key, value);
          const later = await openWindow("lazy", kept);
          await eventually(() => assert.equal(credential(later).handOff, undefined));
          const { origin, tokens } = credential(later);
          const inFile =
            (await readAuthFile(file())).status === "read" ? (await tokensInFile())?.refresh_token : undefined;
          if (origin === "own") {
            assert.equal(tokens.refreshToken, refreshToken);
            assert.notEqual(inFile, refreshToken);
            if (had) await assertEarlier();
            else assert.equal(inFile, undefined);
          } else {
            assert.equal(tokens.refreshToken, keptByTheCli);
            assert.ok(isLive(inFile), "the file's login is dead");
          }
          await later.linkedAccounts.dispose();
        }
      });
    }

    it("spends nothing while it is not known who owns the login, and goes on when it is", async () => {
      await writeEarlier();
      const window = await signedIn("rotates");
      const before = credential(window);
      await rm(file());
      await mkdir(file());
      const refreshes = issuer.recordsOf("refresh").length;
      await window.accounts.put({ ...before, handOff: { codexHome: home() } });
      await assert.rejects(window.refresher.refresh(credential(window)), WordedProblem);
      assert.equal(issuer.recordsOf("refresh").length, refreshes);
      await rm(file(), { recursive: true });
      await window.refresher.refresh(credential(window));
      assert.equal(issuer.recordsOf("refresh").length, refreshes + 1);
      assert.equal(credential(window).handOff, undefined);
    });
  });

  describe("that was not settled", () => {
    /** A window whose record says so. */
    async function unsettled(replaced?: NonNullable<Credential["handOff"]>["replaced"]) {
      const window = await signedIn("rotates");
      const before = credential(window);
      await window.accounts.put({ ...before, handOff: { codexHome: home(), ...(replaced && { replaced }) } });
      return { window, before };
    }
    const settle = (window: TestServices) => window.linkedAccounts.settleHandOff(credential(window));

    for (const at of [0, 1, 200]) {
      it(`is not decided by a file of which only ${at} characters are written yet`, async () => {
        const { window, before } = await unsettled();
        const { refreshToken } = before.tokens;
        const { tokens } = await window.tokenEndpoint(issuer.origin).refresh(refreshToken);
        const text = loginOf({ ...before, tokens: { ...before.tokens, ...tokens } });
        await writeFile(file(), text.slice(0, at));
        const refreshes = issuer.recordsOf("refresh").length;
        await assert.rejects(settle(window), WordedProblem);
        await assert.rejects(window.refresher.refresh(credential(window)), WordedProblem);
        assert.equal(await readFile(file(), "utf8"), text.slice(0, at));
        assert.equal(issuer.recordsOf("refresh").length, refreshes);
        const settling = settle(window);
        await writeFile(file(), text);
        await settling;
        assert.deepEqual([credential(window).origin, credential(window).handOff], ["linked", undefined]);
      });
    }

    for (const stands of ["nothing", "the earlier file", "somebody else's file"]) {
      it(`leaves no login beside the file that a killed window was writing, where ${stands} stands there`, async () => {
        if (stands === "the earlier file") await writeEarlier();
        const read = await readAuthFile(file());
        const replaced = read.status === "read" ? await replacedFile(read, 0) : undefined;
        if (stands === "somebody else's file") await writeFile(file(), '{"OPENAI_API_KEY":"sk-of-somebody-else"}');
        if (replaced) await writeFile(replaced.backup, earlier);
        const { window, before } = await unsettled(replaced);
        const { pid } = spawnSync(process.execPath, ["--version"]);
        for (const name of ["auth.json", basename(replaced?.backup ?? "auth.json.backup")]) {
          if (name === "auth.json" || replaced) {
            await writeFile(join(home(), `.${name}.chatgpt-sign-in-${pid}abcdefabcdef`), loginOf(before), {
              mode: 0o600,
            });
          }
        }
        await settle(window);
        assert.deepEqual(await readdir(home()), stands === "nothing" ? [] : ["auth.json"]);
        await assertOurs(window, before);
      });
    }

    for (const [times, what] of [
      [2, "is taken back in spite of it"],
      [3, "is left for later"],
    ] as const) {
      it(`and that the CLI writes again, ${times} times while it is taken back, ${what}`, async () => {
        const { window, before } = await unsettled();
        await writeFile(file(), loginOf(before));
        let looks = 0;
        fileSystem.lstat = (async (path: string) => {
          // Each try first looks for what a killed window has left, and then for the file that it read.
          if (path === file() && ++looks % 2 === 0 && looks <= 2 * times) {
            await writeFile(file(), loginOf(before) + " ".repeat(looks));
          }
          return lstat(path);
        }) as typeof lstat;
        syncBuiltinESMExports();
        if (times === 2) {
          await settle(window);
          assert.deepEqual(await readdir(home()), []);
        } else {
          await assert.rejects(settle(window), /could not be made as it was/);
          assert.ok(credential(window).handOff);
          await settle(window);
        }
        assert.equal(looks, times === 2 ? 6 : 8);
        await assertOurs(window, before);
      });
    }

    it("stays ours when an older login of the same account is put there: that is not ours renewed", async () => {
      const { window, before } = await unsettled();
      const text = loginOf(before, { refresh_token: "rt.of-an-old-copy", access_token: issuedLater(before, -60) });
      await writeFile(file(), text);
      await settle(window);
      await assertOurs(window, before);
      assert.equal(await readFile(file(), "utf8"), text);
    });

    it("stays ours over an earlier file with a newer login of the same account: nothing was written yet", async () => {
      const window = await signedIn("rotates");
      const before = credential(window);
      const text = loginOf(before, { refresh_token: "rt.of-the-cli", access_token: issuedLater(before, 60) });
      await writeFile(file(), text);
      const read = await readAuthFile(file());
      const replaced = read.status === "read" && (await replacedFile(read, 0));
      assert.ok(replaced);
      await window.accounts.put({ ...before, handOff: { codexHome: home(), replaced } });
      await settle(window);
      await assertOurs(window, before);
      assert.equal(await readFile(file(), "utf8"), text);
    });

    it("is ended before another begins: what it has replaced is not forgotten", async () => {
      await writeEarlier();
      const window = await signedIn("rotates");
      const before = credential(window);
      const read = await readAuthFile(file());
      const replaced = read.status === "read" && (await replacedFile(read, 0));
      assert.ok(replaced);
      await window.accounts.put({ ...before, handOff: { codexHome: home(), replaced } });
      await chmod(file(), 0o600);
      await rename(file(), replaced.backup);
      await writeFile(file(), loginOf(before));
      await assert.rejects(over(window), /has changed in the meantime/);
      await assertEarlier();
      await assertOurs(window, before);
    });

    it("is ended before a sign-out by a window that had not heard of it", async () => {
      const window = await signedIn("rotates");
      const other = await openWindow("rotates", window.secrets as MemorySecrets);
      const before = credential(window);
      await window.accounts.put({ ...before, handOff: { codexHome: home() } });
      await writeFile(file(), loginOf(before));
      assert.equal(credential(other).handOff, undefined);
      await other.linkedAccounts.endHandOff(before.id);
      assert.deepEqual(await readdir(home()), []);
      await assertOurs(other, before);
    });

    for (const stands of ["nothing", "our login"]) {
      it(`is over where the backup has gone and ${stands} stands there`, async () => {
        const backup = join(home(), "auth.json.backup-20261126T000000000Z");
        const attributes = { mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
        const { window, before } = await unsettled({ fingerprint: "of-a-file-that-was", attributes, backup });
        if (stands === "our login") await writeFile(file(), loginOf(before));
        await settle(window);
        await assertOurs(window, before);
        assert.deepEqual(await readdir(home()), []);
      });
    }
  });

  interface Moment {
    readonly secrets: ReadonlyMap<string, string>;
    readonly files: ReadonlyMap<string, { content: Buffer; mode: number }>;
  }

  async function look(secrets: MemorySecrets): Promise<Moment> {
    const files = new Map<string, { content: Buffer; mode: number }>();
    for (const name of await readdir(home())) {
      const path = join(home(), name);
      files.set(name, { content: await readFile(path), mode: (await stat(path)).mode & 0o777 });
    }
    return { secrets: new Map(secrets.values), files };
  }
});

/** Secrets that can be looked at before and after each change, and refuse some. */
class FailingSecrets extends MemorySecrets {
  around: () => Promise<void> = async () => undefined;
  /** What the next read of a record answers. */
  older: string | undefined;
  before: (value: string) => Promise<void> = async () => undefined;
  refuses: (value: string) => boolean = () => false;
  after: (value: string) => Promise<void> = async () => undefined;

  override async get(key: string): Promise<string | undefined> {
    const value = await super.get(key);
    if (this.older === undefined || !value?.includes('"origin"')) return value;
    const { older } = this;
    this.older = undefined;
    return older;
  }

  override async store(key: string, value: string): Promise<void> {
    await this.around();
    await this.before(value);
    if (this.refuses(value)) throw new Error("the keyring is locked");
    await super.store(key, value);
    await this.after(value);
    await this.around();
  }
}
