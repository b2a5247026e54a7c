import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CodexLink, keptByTheCli } from "../../../src/account/credential.ts";
import { FileRefresher } from "../../../src/codex/fileRefresher.ts";
import { handOff } from "../../../src/codex/handOff.ts";
import { credentialOf, readLoginFromText, readLoginOf } from "../../../src/codex/login.ts";
import { type Clock, systemClock } from "../../../src/platform/clock.ts";
import { WordedProblem } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import { type IssuedTokens, signInByHttp } from "../../issuer/login.ts";
import type { TestIssuer } from "../../issuer/types.ts";
import type { MemorySecrets } from "../../support/memorySecrets.ts";
import { createServices, type ServicesOptions, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";
import { temporaryFolder } from "./authFile/temporaryFolder.ts";
import { unprivileged } from "./authFile/unprivileged.ts";

describe("a login linked with the Codex CLI", function () {
  this.timeout(30_000);
  const folder = temporaryFolder();
  const home = () => join(folder(), ".codex");
  const file = () => join(home(), "auth.json");
  let issuer: TestIssuer;
  let services: TestServices;
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
    for (const window of windows) await window.dispose();
    issuer.faults.clear();
  });

  const write = (tokens: IssuedTokens, path = file(), more: object = {}) =>
    writeFile(
      path,
      JSON.stringify(
        { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: new Date().toISOString(), ...more },
        null,
        2,
      ),
      { mode: 0o600 },
    );
  const inFile = async () => JSON.parse(await readFile(file(), "utf8")).tokens as IssuedTokens;
  const asked = async () => (await readFile(join(home(), "asked"), "utf8").catch(() => "")).split("\n").length - 1;

  /** A window where the CLI behaves so; with "none" there is none. */
  async function openWindow(behaviour: string, change: Partial<ServicesOptions> = {}): Promise<TestServices> {
    const program = join(folder(), `codex-${behaviour}`);
    const script = join(import.meta.dirname, "fakeCli.ts");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${script}" ${behaviour} ${issuer.origin} "$@"\n`);
    await chmod(program, 0o700);
    const window = await createServices({
      issuer: issuer.origin,
      codex: {
        userHome: folder(),
        environment: { HOME: folder(), PATH: "/nowhere" },
        codexPath: () => (behaviour === "none" ? "" : program),
      },
      ...change,
    });
    windows.push(window);
    return window;
  }

  /** Signs in as the CLI would and links its login. */
  async function link(behaviour: string, change: Partial<CodexLink> = {}): Promise<IssuedTokens> {
    const tokens = await signInByHttp(issuer.origin, "plus@example.com");
    await write(tokens, change.store === "keyring" ? join(home(), "keyring.json") : file());
    if (change.store === "keyring") {
      await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "keyring"\n');
    }
    services = await openWindow(behaviour);
    await services.accounts.load();
    const login = await readLoginOf(services.cli);
    assert.ok(login.link);
    const linked = { ...login.link, refreshHere: false, ...change };
    await services.accounts.put(credentialOf(login.file, linked, issuer.origin, Date.now()), { activate: true });
    return tokens;
  }

  const current = (window = services) => {
    const entry = window.accounts.entry();
    assert.ok(entry);
    return entry;
  };
  const refresh = (window = services) => window.refresher.refresh(current(window).credential);

  it("keeps no refresh token of the CLI", async () => {
    const { refresh_token } = await link("rotates");
    await refresh();
    const stored = JSON.stringify([...(services.secrets as MemorySecrets).values]);
    for (const secret of [refresh_token, (await inFile()).refresh_token]) assert.equal(stored.includes(secret), false);
    assert.equal(current().credential.tokens.refreshToken, keptByTheCli);
  });

  it("follows its file", async () => {
    await link("rotates");
    const next = await signInByHttp(issuer.origin, "plus@example.com");
    await write(next);
    await eventually(() => assert.equal(current().credential.tokens.accessToken, next.access_token));
    assert.equal(current().credential.sequence, 1);
    assert.equal(await asked(), 0);
  });

  it("follows what happened while no window was open", async () => {
    await link("rotates");
    const { secrets } = services;
    await services.linkedAccounts.dispose();
    const next = await signInByHttp(issuer.origin, "plus@example.com");
    await write(next);
    const later = await openWindow("rotates", { secrets });
    await later.accounts.load();
    await eventually(() => assert.equal(current(later).credential.tokens.accessToken, next.access_token));
  });

  it("asks the CLI to renew it, and takes what the CLI wrote", async () => {
    const before = await link("rotates");
    const entry = await refresh();
    const written = await inFile();
    assert.notEqual(written.access_token, before.access_token);
    assert.equal(entry.credential.tokens.accessToken, written.access_token);
    assert.equal(entry.credential.tokens.idToken, written.id_token);
    assert.equal(await asked(), 1);
  });

  it("does not ask when the file has newer tokens already", async () => {
    await link("rotates");
    const seen = current().credential;
    await services.linkedAccounts.dispose();
    const next = await signInByHttp(issuer.origin, "plus@example.com");
    await write(next);
    const entry = await services.refresher.refresh(seen);
    assert.equal(entry.credential.tokens.accessToken, next.access_token);
    assert.equal(await asked(), 0);
  });

  it("is renewed once by several windows and callers together, without reuse", async () => {
    await link("rotates");
    const { secrets, directory } = services;
    const reuse = issuer.recordsOf("reuseDetected").length;
    const others = await Promise.all([1, 2].map(() => openWindow("rotates", { secrets, directory })));
    for (const window of others) await window.accounts.load();
    const seen = current().credential;
    const entries = await Promise.all([services, services, ...others].map((window) => window.refresher.refresh(seen)));
    assert.equal(new Set(entries.map(({ credential }) => credential.tokens.accessToken)).size, 1);
    assert.equal(await asked(), 1);
    assert.equal(issuer.recordsOf("reuseDetected").length, reuse);
  });

  it("says so when the CLI did not renew it, and stays signed in", async () => {
    await link("lazy");
    await assert.rejects(refresh(), (error) => error instanceof WordedProblem && /for the moment/.test(error.message));
    assert.equal(current().account.rejected, undefined);
  });

  it("needs a sign-in when the CLI does", async () => {
    await link("needsSignIn");
    await assert.rejects(refresh(), { code: "needsSignIn" });
    assert.equal(current().account.rejected, "rejected");
    const next = await signInByHttp(issuer.origin, "plus@example.com");
    await write(next);
    await eventually(() => assert.equal(current().account.rejected, undefined));
  });

  for (const [behaviour, store, what] of [
    ["hang", "file", "when it is to renew its login"],
    ["thenHangs", "keyring", "when it is asked for its login"],
  ] as const) {
    it(`ends in a clear message when the CLI hangs ${what}, and the lock is held until it is gone`, async () => {
      const clock: Clock = {
        now: () => systemClock.now(),
        // Its time is up when it has had the question.
        after: (ms, callback) =>
          ms === 8_000 || ms === 20_000
            ? systemClock.after(ms === 8_000 ? 2_000 : 500, callback)
            : systemClock.after(ms, callback),
      };
      const tokens = await signInByHttp(issuer.origin, "plus@example.com");
      await write(tokens);
      services = await openWindow(behaviour, { clock });
      await services.accounts.load();
      const login = await readLoginOf(services.cli);
      const to: CodexLink = { codexHome: home(), store, refreshHere: false };
      await services.accounts.put(credentialOf(login.file, to, issuer.origin, Date.now()), { activate: true });
      await writeFile(join(home(), "statuses"), "asked\n");
      await assert.rejects(refresh(), /did not answer in time/);
      let gone = false;
      const server = await services.cli.at(home());
      void server.settled().then(() => {
        gone = true;
      });
      await services.lock.hold("codex-cli", async () => assert.equal(gone, true));
      assert.deepEqual(await inFile(), tokens);
    });
  }

  it("says which program is missing", async () => {
    await link("none");
    await assert.rejects(refresh(), /Codex CLI was not found/);
    assert.equal(current().account.rejected, undefined);
  });

  it("does not start the CLI in an open folder, which may name programs to run, unless it is the CLI's own", async () => {
    await link("rotates");
    const strange = join(folder(), "repository");
    await mkdir(strange);
    const inside = {
      codex: { userHome: folder(), environment: {}, codexPath: () => "", workspaceFolders: () => [folder()] },
    };
    const window = await openWindow("rotates", inside);
    assert.equal(await window.cli.mayLiveIn(strange), false);
    await assert.rejects(window.cli.at(strange), /lies in an open folder/);
    assert.equal(await window.cli.mayLiveIn(home()), true);
    assert.equal(await window.cli.mayLiveIn("/elsewhere"), true);
  });

  it("asks the CLI for the login in its folder, not for one in the environment, and names no folder that is not there", async () => {
    const { cli: at } = await openWindow("rotates");
    assert.equal(await at.accessToken(home()), undefined);
    const tokens = await signInByHttp(issuer.origin, "plus@example.com");
    await write(tokens);
    const codex = {
      userHome: folder(),
      environment: { HOME: folder(), PATH: "/nowhere", CODEX_ACCESS_TOKEN: "of-somebody-else" },
      codexPath: () => join(folder(), "codex-rotates"),
    };
    const { cli } = await openWindow("rotates", { codex });
    assert.equal(await cli.accessToken(home()), tokens.access_token);
    await rm(home(), { recursive: true });
    assert.equal(await at.accessToken(home()), undefined);
  });

  it("starts no program of an open folder in which the CLI's script would run, found on PATH", async () => {
    const program = join(folder(), "codex-script");
    const fake = JSON.stringify(join(import.meta.dirname, "fakeCli.ts"));
    await writeFile(
      program,
      `#!/usr/bin/env node\nprocess.argv.splice(2, 0, "rotates", "${issuer.origin}");\nimport(${fake});\n`,
      { mode: 0o700 },
    );
    const [strange, own] = [join(folder(), "repository"), join(folder(), "bin")];
    for (const place of [strange, own]) await mkdir(place);
    await writeFile(join(strange, "node"), `#!/bin/sh\ntouch "${join(folder(), "started")}"\n`, { mode: 0o700 });
    await symlink(process.execPath, join(own, "node"));
    const tokens = await signInByHttp(issuer.origin, "plus@example.com");
    await write(tokens);
    let open: string[] = [];
    const environment = { HOME: folder(), PATH: [strange, own].join(":") };
    const codex = { userHome: folder(), environment, codexPath: () => program, workspaceFolders: () => open };
    const { cli } = await openWindow("rotates", { codex });
    open = [strange];
    assert.equal(await cli.accessToken(home()), tokens.access_token);
    assert.ok(!(await readdir(folder())).includes("started"));
    // A folder that is opened later counts too.
    open = [];
    await assert.rejects(cli.accessToken(home()));
    open = [strange];
    assert.equal(await cli.accessToken(home()), tokens.access_token);
  });

  describe("in the keyring", () => {
    it("is read and renewed through the CLI", async () => {
      const before = await link("keyring", { store: "keyring" });
      assert.equal(current().account.email, "plus@example.com");
      assert.equal(current().credential.tokens.accessToken, before.access_token);
      const { credential } = await refresh();
      const kept = JSON.parse(await readFile(join(home(), "keyring.json"), "utf8")).tokens;
      assert.equal(credential.tokens.accessToken, kept.access_token);
      assert.notEqual(kept.access_token, before.access_token);
    });

    it("has not ended because the CLI looks in another place, with a mistake in its config.toml", async () => {
      await link("keyring", { store: "keyring" });
      const { secrets } = services;
      const mistaken = await openWindow("failsAtConfiguration", { secrets });
      await mistaken.accounts.load();
      await assert.rejects(
        refresh(mistaken),
        (error) => error instanceof WordedProblem && /config\.toml/.test(error.message),
      );
      assert.equal(current(mistaken).account.rejected, undefined);
      const corrected = await openWindow("rotates", { secrets });
      await corrected.accounts.load();
      await assert.rejects(refresh(corrected), { code: "needsSignIn" });
    });

    it("is not renewed when the CLI has newer tokens already", async () => {
      await link("keyring", { store: "keyring" });
      const next = await signInByHttp(issuer.origin, "plus@example.com");
      await write(next, join(home(), "keyring.json"));
      assert.equal((await refresh()).credential.tokens.accessToken, next.access_token);
      assert.equal(await asked(), 0);
    });
  });

  describe("with the store auto", () => {
    /** The store that is found with a login in the file and, for a CLI that uses it, one in the keyring. */
    async function storeOf(behaviour: string, inKeyring: object | undefined): Promise<[string | undefined, string]> {
      await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      if (inKeyring) await writeFile(join(home(), "keyring.json"), JSON.stringify(inKeyring));
      const { file: login, link: found } = await readLoginOf((await openWindow(behaviour)).cli);
      return [found?.store, login.tokens?.accessToken ?? ""];
    }

    it("is the one in the keyring, not an old file that was left beside it", async () => {
      const tokens = await signInByHttp(issuer.origin, "plus@example.com");
      await write(await signInByHttp(issuer.origin, "plus@example.com"));
      assert.deepEqual(await storeOf("keyring", { tokens }), ["keyring", tokens.access_token]);
    });

    for (const [behaviour, when] of [
      ["rotates", "the CLI uses it"],
      ["keyring", "the CLI has none in the keyring"],
      ["none", "there is no CLI to ask"],
    ] as const) {
      it(`is the file where ${when}`, async () => {
        const tokens = await signInByHttp(issuer.origin, "plus@example.com");
        await write(tokens);
        assert.deepEqual(await storeOf(behaviour, undefined), ["file", tokens.access_token]);
      });
    }
  });

  describe("whose file has gone, with the store auto,", () => {
    /** A window that follows a login whose file the CLI takes away, and then answers in this way. */
    async function linkedWith(behaviour: string): Promise<IssuedTokens> {
      await writeFile(join(home(), "config.toml"), 'cli_auth_credentials_store = "auto"\n');
      const tokens = await link(behaviour);
      assert.equal(current().credential.link?.store, "file");
      return tokens;
    }

    it("is followed into the keyring, where the CLI has put it when it renewed it", async () => {
      const { access_token } = await linkedWith("thenKeepsInKeyring");
      const { secrets, directory } = services;
      const other = await openWindow("thenKeepsInKeyring", { secrets, directory });
      await other.accounts.load();
      await refresh();
      assert.notEqual(current().credential.tokens.accessToken, access_token);
      for (const window of [services, other]) {
        await eventually(() => assert.equal(current(window).credential.link?.store, "keyring"));
      }
      for (const window of [services, other]) await window.linkedAccounts.dispose();
      assert.deepEqual([current().account.rejected, current(other).account.rejected], [undefined, undefined]);
      assert.ok(!(await readdir(home())).includes("auth.json"));
    });

    for (const [behaviour, what] of [
      ["rotates", "it is signed out"],
      ["thenKeepsAnothers", "it is signed in as somebody else"],
    ] as const) {
      it(`is no longer accepted when the CLI says that ${what}`, async () => {
        await linkedWith(behaviour);
        await rm(file());
        await eventually(() => assert.equal(current().account.rejected, "revoked"));
      });
    }

    it("is kept when the CLI cannot say where it is", async () => {
      await linkedWith("thenDies");
      await rm(file());
      await eventually(() => assert.ok(services.lines.some((line) => line.includes("could not be followed"))));
      assert.equal(current().account.rejected, undefined);
    });
  });

  describe("that the CLI gives up", () => {
    it("by signing out is no longer accepted, and is again when it returns", async () => {
      const tokens = await link("rotates");
      await rm(file());
      await eventually(() => assert.equal(current().account.rejected, "revoked"));
      await write(tokens);
      await eventually(() => assert.equal(current().account.rejected, undefined));
      assert.equal(current().credential.tokens.accessToken, tokens.access_token);
    });

    it("for another account is not followed there", async () => {
      const before = await link("rotates");
      await write(await signInByHttp(issuer.origin, "team@example.com"));
      await eventually(() => assert.equal(current().account.rejected, "revoked"));
      assert.equal(current().credential.tokens.accessToken, before.access_token);
      assert.equal(services.accounts.state.accounts.length, 1);
    });

    for (const by of ["its file", "the CLI"]) {
      it(`for another account, as ${by} tells a refresh, is followed again when it changes back`, async () => {
        const before = await link("rotates");
        const { secrets, cli } = services;
        await services.linkedAccounts.dispose();
        const others = await signInByHttp(issuer.origin, "team@example.com");
        if (by === "its file") await write(others);
        else {
          // The switch comes after the file was looked at.
          const at = cli.at.bind(cli);
          cli.at = async (...args) => {
            await write(others);
            return at(...args);
          };
        }
        await assert.rejects(refresh(), { code: "accountMismatch" });
        assert.equal(current().account.rejected, "revoked");
        await write(before);
        const later = await openWindow("rotates", { secrets });
        await later.accounts.load();
        await eventually(() => assert.equal(current(later).account.rejected, undefined));
        assert.equal(current(later).credential.tokens.accessToken, before.access_token);
      });
    }

    it("is kept through a moment in which the file makes no sense", async () => {
      const before = await link("rotates");
      await writeFile(file(), "<html>");
      const next = await signInByHttp(issuer.origin, "plus@example.com");
      await write(next);
      await eventually(() => assert.equal(current().credential.tokens.accessToken, next.access_token));
      assert.notEqual(next.access_token, before.access_token);
      assert.equal(current().account.rejected, undefined);
    });
  });

  describe("where no CLI is installed", () => {
    it("is renewed and written back when the person chose so", async () => {
      const before = await link("none", { refreshHere: true });
      const { credential } = await refresh();
      const after = await inFile();
      assert.notEqual(after.refresh_token, before.refresh_token);
      assert.equal(credential.tokens.accessToken, after.access_token);
      assert.equal(credential.tokens.refreshToken, keptByTheCli);
      assert.equal((await stat(file())).mode & 0o777, 0o600);
      await refresh();
      assert.equal((await inFile()).access_token, current().credential.tokens.accessToken);
    });

    it("spends nothing where what comes for it could not be written", async () => {
      const { refresh_token } = await link("none", { refreshHere: true });
      await chmod(file(), 0o644);
      await chmod(folder(), 0o755);
      await chmod(home(), 0o555);
      const { tokenEndpoint, log } = services;
      const renewal = new FileRefresher({ tokenEndpoint, clock: systemClock, log });
      const refreshes = issuer.recordsOf("refresh").length;
      await assert.rejects(
        unprivileged(() => renewal.renew(file(), current().credential)),
        /could not be written/,
      );
      await chmod(home(), 0o755);
      assert.equal(issuer.recordsOf("refresh").length, refreshes);
      assert.equal((await inFile()).refresh_token, refresh_token);
    });

    for (const [what, hide] of [
      ["the disk lets it", () => mkdir(file())],
      ["the file is back", async () => undefined],
    ] as const) {
      it(`writes back what it got as soon as ${what}`, async () => {
        await link("none", { refreshHere: true });
        const text = await readFile(file(), "utf8");
        const count = issuer.recordsOf("fault").length + 1;
        issuer.faults.set("token", { kind: "slow", delayMs: 500, times: 1 });
        const renewing = refresh();
        await issuer.waitForRecord("fault", { count });
        await rm(file());
        await hide();
        const { credential } = await renewing;
        await rm(file(), { recursive: true, force: true });
        await writeFile(file(), text, { mode: 0o600 });
        await eventually(async () => assert.equal((await inFile()).access_token, credential.tokens.accessToken));
      });
    }

    it("leaves a login that came while the old one was renewed", async () => {
      await link("none", { refreshHere: true });
      const count = issuer.recordsOf("fault").length + 1;
      issuer.faults.set("token", { kind: "slow", delayMs: 500, times: 1 });
      const renewing = refresh();
      await issuer.waitForRecord("fault", { count });
      const next = await signInByHttp(issuer.origin, "plus@example.com");
      await write(next);
      await renewing;
      assert.deepEqual(await inFile(), next);
    });

    it("gives up a file that stays away, and tries on while it cannot be read", async () => {
      await link("none", { refreshHere: true });
      for (const [make, ends] of [
        [async () => undefined, true],
        [() => mkdir(file()), false],
      ] as const) {
        await rm(file(), { force: true });
        await write(await signInByHttp(issuer.origin, "plus@example.com"));
        let waits = 0;
        const clock: Clock = {
          now: () => systemClock.now(),
          after: (_ms, callback) => systemClock.after(0, () => ++waits < 20 && callback()),
        };
        const { tokenEndpoint, log } = services;
        const renewal = new FileRefresher({ tokenEndpoint, clock, log });
        const count = issuer.recordsOf("fault").length + 1;
        issuer.faults.set("token", { kind: "slow", delayMs: 300, times: 1 });
        const renewing = renewal.renew(file(), current().credential);
        await issuer.waitForRecord("fault", { count });
        await rm(file());
        await make();
        await renewing;
        if (ends) {
          await eventually(() => assert.equal(waits, 4));
          await new Promise((resolve) => setTimeout(resolve, 50));
          assert.equal(waits, 4);
        } else await eventually(() => assert.equal(waits, 20));
      }
      await rm(file(), { recursive: true });
    });

    it("needs a sign-in when the file has no refresh token, and asks nobody", async () => {
      const tokens = await link("none", { refreshHere: true });
      await write({ ...tokens, refresh_token: "" });
      const refreshes = issuer.recordsOf("refresh").length;
      await assert.rejects(refresh(), { code: "needsSignIn" });
      assert.equal(issuer.recordsOf("refresh").length, refreshes);
    });

    it("needs no sign-in because its file is half written", async () => {
      await link("none", { refreshHere: true });
      const text = await readFile(file(), "utf8");
      const refreshes = issuer.recordsOf("refresh").length;
      for (const length of [0, 1, text.length - 1]) {
        await writeFile(file(), text.slice(0, length));
        await assert.rejects(refresh(), WordedProblem);
        assert.equal(current().credential.rejected, undefined);
      }
      assert.equal(issuer.recordsOf("refresh").length, refreshes);
      await writeFile(file(), text);
      await refresh();
      assert.equal((await inFile()).access_token, current().credential.tokens.accessToken);
    });

    it("needs a sign-in when the issuer refuses its refresh token, and the file stays", async () => {
      await link("none", { refreshHere: true });
      const text = await readFile(file(), "utf8");
      issuer.expireRefreshTokens();
      await assert.rejects(refresh(), { code: "needsSignIn" });
      assert.equal(await readFile(file(), "utf8"), text);
    });
  });

  describe("that was ours", () => {
    it("is handed over: the file has it, and we follow", async () => {
      services = await openWindow("rotates");
      await services.accounts.load();
      await services.signIn.run();
      const { credential } = current();
      const { id } = credential;
      const over = { id, codexHome: home(), replace: undefined };
      const parts = { accounts: services.accounts, cli: services.cli, lock: services.lock, clock: systemClock };
      assert.equal(await handOff(parts, over), undefined);
      assert.equal((await inFile()).refresh_token, credential.tokens.refreshToken);
      assert.equal(current().account.origin, "linked");
      assert.equal(current().account.id, id);
      await refresh();
      assert.equal((await inFile()).access_token, current().credential.tokens.accessToken);
      assert.equal(await asked(), 1);
    });

    it("stays ours when there is a file that nobody agreed to replace", async () => {
      services = await openWindow("rotates");
      await services.accounts.load();
      await services.signIn.run();
      await writeFile(file(), "{}");
      const over = { id: current().account.id, codexHome: home(), replace: undefined };
      const parts = { accounts: services.accounts, cli: services.cli, lock: services.lock, clock: systemClock };
      await assert.rejects(handOff(parts, over), /already a login file/);
      assert.equal(current().account.origin, "own");
      assert.equal(current().credential.handOff, undefined);
      assert.equal(await readFile(file(), "utf8"), "{}");
    });
  });

  it("says in words what cannot be imported", async () => {
    const window = await openWindow("none");
    await assert.rejects(readLoginOf(window.cli), /There is no login file/);
    assert.throws(() => readLoginFromText("<html>"), WordedProblem);
    await rm(home(), { recursive: true });
    await assert.rejects(readLoginOf(window.cli), /There is no login file/);
  });

  it("that was copied has the refresh token, and is renewed here", async () => {
    const tokens = await signInByHttp(issuer.origin, "plus@example.com");
    const pretty = JSON.stringify({ tokens, last_refresh: "2026-11-20T20:41:36.232376Z" }, null, 2);
    const login = readLoginFromText(pretty.replaceAll("\n", ""));
    assert.equal(login.link, undefined);
    services = await openWindow("none");
    await services.accounts.load();
    await services.accounts.put(credentialOf(login.file, undefined, issuer.origin, Date.now()), { activate: true });
    const { credential } = await refresh();
    assert.equal(credential.origin, "copied");
    assert.notEqual(credential.tokens.refreshToken, tokens.refresh_token);
  });
});
