import assert from "node:assert/strict";
import type { Browser, BrowserContext } from "playwright-core";
import { startIssuer } from "../issuer/issuer.ts";
import type { TestIssuer } from "../issuer/types.ts";
import { launchBrowser, newPerson } from "../support/browser.ts";
import { demoAccount, signInOnLoginPage } from "../support/loginPage.ts";
import { createServices, type TestServices } from "../support/services.ts";

/** Of VS Code on the desktop, which starts a browser with an address; VS Code in a browser never does. */
describe("a browser that VS Code starts", () => {
  let browser: Browser;
  let person: BrowserContext;
  let issuer: TestIssuer;
  let services: TestServices;
  let opened: PromiseWithResolvers<string>;
  before(async () => {
    browser = await launchBrowser();
    issuer = await startIssuer();
  });
  after(async () => {
    await browser?.close();
    await issuer?.close();
  });
  beforeEach(async () => {
    person = await newPerson(browser);
    opened = Promise.withResolvers();
    services = await createServices({
      issuer: issuer.issuer,
      openExternal: async (url) => {
        opened.resolve(url);
        return true;
      },
    });
  });
  afterEach(async () => {
    services.signIn.cancel();
    await person.close();
    await services.dispose();
  });

  it("is led to the sign-in page once, and from there back", async () => {
    const run = services.signIn.run();
    const page = await person.newPage();
    const referers: (string | undefined)[] = [];
    page.on("request", (request) => void request.allHeaders().then(({ referer }) => referers.push(referer)));
    await page.goto(await opened.promise);
    assert.equal(new URL(page.url()).origin, issuer.issuer);
    await page.waitForLoadState("networkidle");
    assert.ok(referers.length > 0 && referers.every((referer) => !referer?.includes("/sign-in/")), String(referers));

    await signInOnLoginPage(page, demoAccount);
    await page.waitForURL("http://localhost:1455/success");
    await page.getByRole("heading", { name: "You're signed in" }).waitFor();
    assert.equal((await run).email, demoAccount.email);
  });

  it("ends the sign-in when its address is opened twice: one of the two may be somebody else", async () => {
    const run = services.signIn.run();
    const ended = assert.rejects(run, { code: "openedTwice" });
    const page = await person.newPage();
    await page.goto(await opened.promise);
    const second = await person.newPage();
    const answer = await second.goto(await opened.promise);
    assert.equal(answer?.status(), 410);
    await second.getByRole("heading", { name: "This address was already opened" }).waitFor();
    await ended;
    assert.deepEqual(services.accounts.state.accounts, []);
  });

  it("and that has many cookies of other programs on localhost still gets back", async () => {
    const value = "x".repeat(4_000);
    const cookies = Array.from({ length: 16 }, (_, index) => ({ name: `cookie${index}`, value }));
    await person.addCookies(cookies.map((cookie) => ({ ...cookie, domain: "localhost", path: "/" })));
    const run = services.signIn.run();
    const page = await person.newPage();
    await page.goto(await opened.promise);
    await signInOnLoginPage(page, demoAccount);
    await page.waitForURL("http://localhost:1455/success");
    assert.equal((await run).email, demoAccount.email);
  });
});
