import assert from "node:assert/strict";
import { openPanel } from "./panelPage.ts";
import { themeNames } from "./themes.ts";
import { usePanel } from "./usePanel.ts";
import { states } from "./views.ts";

/**
 * Runs in the page: texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3). Colours are laid over
 * each other on a canvas, the way the browser does it; parents are those of the flat tree, so that a button's own
 * background, drawn inside its shadow root, counts.
 */
const weakTexts = `(() => {
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const parent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host;
  const over = (colours) => {
    for (const colour of colours) {
      pixel.fillStyle = colour;
      pixel.fillRect(0, 0, 1, 1);
    }
    return [...pixel.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const weak = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    if (text === "" || walker.currentNode.parentElement.closest(".visually-hidden") !== null) continue;
    const ancestors = [];
    for (let at = walker.currentNode.assignedSlot ?? walker.currentNode.parentElement; at; at = parent(at)) ancestors.push(at);
    const behind = ancestors.map((at) => getComputedStyle(at).backgroundColor).reverse();
    const back = luminance(over(behind));
    const front = luminance(over([...behind, getComputedStyle(ancestors[0]).color]));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) weak.push(text + " " + ratio.toFixed(2));
  }
  return weak;
})()`;

describe("settings panel in the themes", function () {
  this.timeout(20_000);
  const panel = usePanel();

  for (const theme of themeNames) {
    it(`is legible in ${theme}, also under the pointer and the focus, and fits into 300 px`, async () => {
      const context = await panel().newContext({ viewport: { width: 300, height: 600 }, reducedMotion: "reduce" });
      await context.clock.install();
      const narrow = await openPanel(context, panel().server, theme);
      const look = async (name: string) => {
        assert.deepEqual(await narrow.page.evaluate(weakTexts), [], name);
        const overflow = "document.documentElement.scrollWidth - innerWidth";
        assert.equal(await narrow.page.evaluate(overflow), 0, name);
      };
      await look("loading");
      await narrow.page.clock.runFor(8000);
      await narrow.page.locator(".loading .buttons").waitFor();
      await look("still loading");
      await narrow.send({ type: "view" });
      await look("nothing but a view that is not understood");
      for (const [name, view] of Object.entries(states)) {
        await narrow.send(view());
        await look(name);
      }
      await narrow.send(states.needsSignIn());
      for (const label of ["Sign in again", "Sign out"]) {
        const button = narrow.page.getByRole("button", { name: label });
        await button.focus();
        assert.deepEqual(await narrow.page.evaluate(weakTexts), [], `${label}, focus`);
        await button.hover();
        assert.deepEqual(await narrow.page.evaluate(weakTexts), [], `${label}, pointer`);
      }
      assert.deepEqual(await narrow.complaints(), []);
      await context.close();
    });
  }

  it("stands still for people who asked for less motion", async () => {
    await panel().send(states.refreshing());
    const animation = `getComputedStyle(document.querySelector("panel-icon[name=loading]")).animationName`;
    assert.equal(await panel().page.evaluate(animation), "spin");
    await panel().page.evaluate(`document.body.classList.add("vscode-reduce-motion")`);
    assert.equal(await panel().page.evaluate(animation), "none");
  });
});
