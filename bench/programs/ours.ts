// Signs in with the extension's own services, again and again; its parent is the browser. Bundled by bench/signIn.ts.
import { createServices } from "../../test/support/services.ts";
import { LaterSecrets } from "./laterSecrets.ts";

const issuer = process.env.ISSUER ?? "";
const services = await createServices({
  issuer,
  secrets: new LaterSecrets(),
  openExternal: async () => true,
  beginFollowUp: (of, idToken) => services.followUp.begin(of, idToken),
});

services.browser.open = async (url) => {
  process.send?.({ url });
  return true;
};
services.accounts.onDidChange(({ active }) => {
  if (!active) return;
  process.send?.({ signedIn: true });
  if (active.derivedKey.status === "present") process.send?.({ shown: true });
});
process.on("message", (message: string) => void answer(message));

async function answer(message: string): Promise<void> {
  if (message === "end") {
    await services.dispose();
    process.exit();
  }
  const { active } = services.accounts.state;
  if (active) await services.signOutAccount(active.id);
  await services.http.prepare();
  await services.signIn.run();
}

process.send?.({ ready: true });
