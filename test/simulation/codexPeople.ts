import { authFilePath } from "../../src/codex/authFile/codexHome.ts";
import { readAuthFile } from "../../src/codex/authFile/read.ts";
import { accountOf, assertMayReplace, type CodexLogin, credentialOf, readLoginOf } from "../../src/codex/login.ts";
import { ofOwnFile, unreadableProblem } from "../../src/codex/problems.ts";
import { isProblem, Problem } from "../../src/shared/problem.ts";
import type { Operations } from "./operations.ts";
import { type People, personOf } from "./people.ts";
import type { CodexEvent } from "./story.ts";
import { authFile, type CodexLogin as CliLogin } from "./world/codexLogin.ts";
import type { InstalledCodex } from "./world/installedCodex.ts";
import { type Issuer, issuerUrl } from "./world/issuer.ts";
import type { SharedFolder } from "./world/sharedFolder.ts";
import type { Services, Window } from "./world/window.ts";
import type { World } from "./world/world.ts";

export interface CodexPeopleDependencies {
  readonly world: World;
  readonly folder: SharedFolder;
  readonly codex: InstalledCodex;
  readonly issuer: Issuer;
  readonly operations: Operations;
  readonly people: People;
}

/** What people do with the Codex CLI: in windows as the editor's actions do it, and in a terminal. */
export class CodexPeople {
  readonly #dependencies: CodexPeopleDependencies;
  /** The text of the file that somebody has moved away. */
  #away: string | undefined;

  constructor(dependencies: CodexPeopleDependencies) {
    this.#dependencies = dependencies;
  }

  link(window: Window): void {
    this.#dependencies.people.do("link", window, undefined, async (operation) => {
      const services = await window.services();
      const login = await readLoginOf(services.codex.cli);
      await services.account.accounts.load();
      operation.person = personOf(login.file.identity.email);
      if (!login.link || !login.file.tokens) throw new Problem("authFileNoCredential");
      const isInstalled = (await services.codex.cli.find()).status === "found";
      if (isInstalled) await assertMayReplace(stored(services), login, login.link.codexHome, issuerUrl);
      else if (hasSignIn(services, login)) throw new Problem("loginNotConfirmed");
      await this.#store(services, login, { ...login.link, refreshHere: !isInstalled });
    });
  }

  copy(window: Window): void {
    this.#dependencies.people.do("copy", window, undefined, async (operation) => {
      const services = await window.services();
      const login = await readLoginOf(services.codex.cli);
      await services.account.accounts.load();
      operation.person = personOf(login.file.identity.email);
      operation.stored = [login.file.tokens?.refreshToken ?? ""];
      if (!login.file.tokens?.refreshToken) throw new Problem("authFileNoCredential");
      await this.#store(services, login, undefined);
    });
  }

  handOff(window: Window): void {
    this.#dependencies.people.do("handOff", window, undefined, async (operation) => {
      const { account, codex } = await window.services();
      await account.accounts.load();
      const { active } = account.accounts.state;
      if (!active || active.rejected || active.origin === "linked") {
        operation.said = "nobody";
        return;
      }
      operation.person = personOf(active.email);
      const home = await codex.cli.home();
      if (home.status === "invalid") throw new Problem("codexHomeInvalid");
      const read = await readAuthFile(authFilePath(home.path));
      if (read.status !== "missing" && read.status !== "read") throw ofOwnFile(unreadableProblem(read.status));
      await account.source.accessToken(active.id);
      const replace = read.status === "read" ? read : undefined;
      operation.said = `backup ${await codex.handOff({ id: active.id, codexHome: home.path, replace })}`;
    });
  }

  /** Something that happens outside of all windows. */
  do(event: CodexEvent): void {
    const { codex, issuer } = this.#dependencies;
    switch (event.do) {
      case "cliProgram":
        if (event.what === "back") codex.install();
        else codex.uninstall();
        break;
      case "authFile":
        this.#spoil(event.what);
        break;
      case "cliUse":
        this.#inTerminal("cliUse", undefined, (login) => login.use());
        break;
      case "cliSignOut":
        this.#inTerminal("cliSignOut", undefined, (login) => login.signOut());
        break;
      case "cliSignIn":
        this.#inTerminal("cliSignIn", event.person, (login, number) =>
          login.signIn(issuer.authorize(event.person, number)),
        );
    }
  }

  #spoil(what: Extract<CodexEvent, { do: "authFile" }>["what"]): void {
    const { folder } = this.#dependencies;
    const text = folder.items.get(authFile)?.text;
    if (what === "back" && text === undefined && this.#away !== undefined) folder.place(authFile, this.#away);
    if (text === undefined || what === "back") return;
    if (what === "away") {
      this.#away = text;
      folder.take(authFile);
    } else {
      const spoiled = { empty: "", half: text.slice(0, text.length / 2), html: "<html></html>" };
      folder.place(authFile, spoiled[what]);
    }
  }

  #inTerminal(
    kind: "cliUse" | "cliSignOut" | "cliSignIn",
    person: string | undefined,
    work: (login: CliLogin, number: number) => Promise<void>,
  ): void {
    const { codex, operations } = this.#dependencies;
    if (!codex.isInstalled) return;
    const operation = operations.begin(kind, "cli", person);
    const { done } = codex.inTerminal((login) => work(login, operation.number));
    done.then(
      () => operations.end(operation, "done"),
      (error: unknown) => operations.end(operation, "failed", isProblem(error) ? error.code : String(error)),
    );
  }

  async #store({ account }: Services, login: CodexLogin, link: Parameters<typeof credentialOf>[1]): Promise<void> {
    const { accounts, followUp } = account;
    const credential = credentialOf(login.file, link, issuerUrl, Date.now());
    await accounts.tellTogether(() => accounts.storeSignIn(credential));
    followUp.begin(credential.issuer, credential.tokens.idToken).finish(credential.id);
  }
}

function stored({ account, codex }: Services) {
  return { accounts: account.accounts, cli: codex.cli };
}

function hasSignIn({ account }: Services, { file }: CodexLogin): boolean {
  const present = account.accounts.entry(accountOf(file, issuerUrl) ?? "")?.credential;
  return present !== undefined && present.origin !== "linked" && !present.rejected;
}
