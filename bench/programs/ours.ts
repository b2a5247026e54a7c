// Signs in with the extension's own services, again and again; its parent is the browser. Bundled by bench/signIn.ts.
import { createServices } from "../../test/support/services.ts";
import { LaterSecrets } from "./laterSecrets.ts";

const issuer = process.env.ISSUER ?? "";
const services = await createServices({
  issuer,
  secrets: new LaterSecrets(),
  openExternal: async () => true,
  beginFollowUp: (of, idToken, deriver) => {
    const making = deriver.request(of, idToken);
    return (id) => void deriver.keep(id, making, { isNew: true });
  },
});

services.browser.open = async (url) => {
  process.send?.({ url });
  return true;
};
services.accounts.onDidChange(({ active }) => {
  if (active) process.send?.(active.derivedKey.status === "present" ? { shown: true } : { signedIn: true });
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
