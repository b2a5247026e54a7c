import type { BrowserContext } from "playwright-core";
import type { Workbench } from "./workbench.ts";

const doNotLoad = "webviewsDoNotLoad";

/**
 * Removes a race from VS Code. Its page around a webview waits for its service worker, and asks the browser to update a
 * worker that is still being installed. Chromium mostly answers at once, often after 2 s, and sometimes never; then that
 * window shows no webview until it is reloaded.
 */
export async function settleWebviewWorkers(person: BrowserContext): Promise<void> {
  await person.addInitScript(`(() => {
    const workers = navigator.serviceWorker;
    if (!workers || !location.pathname.endsWith("/webview/browser/pre/index.html")) return;
    const register = workers.register.bind(workers);
    workers.register = (...args) => {
      if (localStorage.getItem("${doNotLoad}") === null) return register(...args);
      localStorage.removeItem("${doNotLoad}");
      return new Promise(() => {});
    };
    const { prototype } = ServiceWorkerRegistration;
    const update = prototype.update;
    prototype.update = function () {
      const first = this.installing ?? this.waiting;
      if (this.active || !first) return update.call(this);
      return new Promise((resolve) => {
        const look = () => first.state === "activated" && resolve(this);
        first.addEventListener("statechange", look);
        look();
      });
    };
  })()`);
}

/** VS Code does not load the next webview of this person. */
export async function leaveWebviewEmpty(workbench: Workbench): Promise<void> {
  await workbench.page.evaluate(`localStorage.setItem("${doNotLoad}", "1")`);
}
