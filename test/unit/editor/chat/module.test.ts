import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { accountBinding } from "../../../../src/account/endpoints.ts";
import { createChat } from "../../../../src/editor/chat/module.ts";
import { settings } from "../../../../src/editor/vscode/settings.ts";
import { createOpenAi } from "../../../../src/openai/module.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { startIssuer } from "../../../issuer/issuer.ts";
import type { TestIssuer } from "../../../issuer/types.ts";
import { changeSetting, resetVscode, until } from "../../../support/vscodeStub/stub.ts";
import { createEditorFixture, type EditorFixture } from "../editorFixture.ts";
import { MemoryMemento } from "../sessions/sessionFixture.ts";

describe("The chat module", () => {
  let issuer: TestIssuer;
  let fixture: EditorFixture;
  /** The service that another extension has written into the settings, and what it has received. */
  const received: (string | undefined)[] = [];
  const service = createServer((request, response) => {
    received.push(request.headers.authorization?.slice(0, 7));
    response.writeHead(503).end();
  });

  before(async () => {
    issuer = await startIssuer();
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  });
  after(async () => {
    service.closeAllConnections();
    await new Promise((resolve) => service.close(resolve));
    await issuer.close();
  });
  beforeEach(async () => {
    resetVscode();
    received.length = 0;
    fixture = await createEditorFixture(issuer);
  });
  afterEach(() => fixture.end());

  it("asks for the usage nowhere where the person has not allowed it, though the panel is looked at", async () => {
    const elsewhere = `http://127.0.0.1:${(service.address() as AddressInfo).port}/backend-api`;
    changeSetting("chatgptSignIn.chatgptBaseUrl", elsewhere);
    const { accounts, source: credentials, endpoints, run, notifications, http, log } = fixture;
    await fixture.signedIn();
    const clock = systemClock;
    const openai = createOpenAi({
      ...{ http, fetch, credentials, endpoints, clock, log },
      endpoint: settings.endpoint,
      userAgent: "test",
    });
    const { usage } = createChat({
      ...{ openai, accounts, credentials, endpoints, run, notifications, clock, log },
      consumers: { assertAllowed: () => {}, request: async () => false },
      memory: new MemoryMemento(),
      isPanelVisible: () => true,
    });
    usage.look();
    await until(() => usage.current?.status === "unavailable");
    assert.deepEqual(received, []);
    await endpoints.grant(accountBinding(issuer.issuer), [elsewhere]);
    usage.update();
    await until(() => received.length > 0);
    assert.deepEqual(received, ["Bearer "]);
  });
});
