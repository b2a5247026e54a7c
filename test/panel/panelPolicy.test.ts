import assert from "node:assert/strict";
import type { BrowserContext } from "playwright-core";
import { openPanel, type PanelPage } from "./panelPage.ts";
import { usePanel } from "./usePanel.ts";

/** What a page could try, and the directive that has to stop it. `append` puts an element into the page. */
const attempts: readonly [what: string, script: string, directive: string][] = [
  ["an inline script", `append("script", { textContent: "window.ran = true" })`, "script-src-elem"],
  ["a script from its own folder, without the nonce", `append("script", { src: "/stray.js" })`, "script-src-elem"],
  ["a script with another nonce", `append("script", { nonce: "AAAA", src: "/stray.js" })`, "script-src-elem"],
  ["a module from a data address", `import("data:text/javascript,window.ran=true").catch(() => {})`, "script-src-elem"],
  ["eval", `try { window.eval("window.ran = true") } catch {}`, "script-src"],
  ["new Function", `try { new Function("window.ran = true")() } catch {}`, "script-src"],
  [
    "a handler in an attribute",
    `append("button", {}).setAttribute("onclick", "window.ran = true"); document.querySelector("[onclick]").click()`,
    "script-src-attr",
  ],
  ["a script's address", `location.href = "javascript:window.ran=true"`, "script-src-elem"],
  ["an inline style sheet", `append("style", { textContent: "body { color: red }" })`, "style-src-elem"],
  ["a style in an attribute", `append("p", {}).setAttribute("style", "color: red")`, "style-src-attr"],
  [
    "a style sheet from elsewhere",
    `append("link", { rel: "stylesheet", href: "http://127.0.0.1:9/stray.css" })`,
    "style-src-elem",
  ],
  ["fetch", `fetch("/stray").catch(() => {})`, "connect-src"],
  ["fetch from elsewhere", `fetch("http://127.0.0.1:9/stray").catch(() => {})`, "connect-src"],
  ["XMLHttpRequest", `const x = new XMLHttpRequest(); x.open("GET", "/stray"); x.send()`, "connect-src"],
  ["a web socket", `try { new WebSocket("ws://" + location.host + "/stray") } catch {}`, "connect-src"],
  ["an event source", `try { new EventSource("/stray") } catch {}`, "connect-src"],
  ["a beacon", `navigator.sendBeacon("/stray", "x")`, "connect-src"],
  ["a worker", `try { new Worker("/stray.js") } catch {}`, "worker-src"],
  ["an image", `append("img", { src: "/stray.png" })`, "img-src"],
  ["an image in an address", `append("img", { src: "data:image/gif;base64,R0lGODlhAQABAAAAACw=" })`, "img-src"],
  ["a font", `new FontFace("x", "url(/stray.woff2)").load().catch(() => {})`, "font-src"],
  ["a video", `append("video", { src: "/stray.mp4" })`, "media-src"],
  ["a frame", `append("iframe", { src: "/stray.html" })`, "frame-src"],
  ["an object", `append("object", { data: "/stray.bin" })`, "object-src"],
  ["another base address", `append("base", { href: "http://127.0.0.1:9/" })`, "base-uri"],
  ["a form", `append("form", { action: "/stray", method: "post" }).submit()`, "form-action"],
];

describe("settings panel's policy", function () {
  this.timeout(20_000);
  const panel = usePanel();
  let context: BrowserContext;
  let opened: PanelPage;

  // Not the panel that every test looks at afterwards: here the policy has to stop something.
  before(async () => {
    context = await panel().newContext({});
    opened = await openPanel(context, panel().server);
  });
  beforeEach(async () => {
    await opened.load("Dark 2026");
    panel().server.strays.length = 0;
  });
  after(() => context.close());

  for (const [what, script, directive] of attempts) {
    it(`stops ${what}`, async () => {
      const { page } = opened;
      const stopped = await page.evaluate<string>(
        // Not in the debugger's own call, which may do what the page may not.
        `new Promise((resolve) => {
          const append = (name, properties) =>
            document.body.appendChild(Object.assign(document.createElement(name), properties));
          document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
          setTimeout(() => {
            ${script};
            setTimeout(() => resolve("nothing"), 3000);
          });
        })`,
      );
      assert.equal(stopped, directive);
      assert.equal(await page.evaluate("window.ran"), undefined);
      assert.deepEqual(panel().server.strays, []);
    });
  }

  it("lets the panel's own script and style sheet run, and no other is there", async () => {
    const { page } = opened;
    assert.equal(await page.locator("script").count(), 1);
    assert.equal(await page.locator("link").count(), 1);
    assert.equal(await page.evaluate(`customElements.get("chatgpt-sign-in-panel") !== undefined`), true);
    assert.equal(await page.evaluate(`getComputedStyle(document.querySelector("main")).display`), "flex");
  });

  it("has another nonce each time the page is made", async () => {
    const { page } = opened;
    const nonce = `document.querySelector("script").nonce`;
    const first = await page.evaluate<string>(nonce);
    await page.reload();
    assert.notEqual(await page.evaluate(nonce), first);
  });
});
