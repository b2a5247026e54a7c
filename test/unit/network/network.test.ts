import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { TokenEndpoint } from "../../../src/oauth/tokenEndpoint.ts";
import { createHttpClient, type HttpClient } from "../../../src/platform/httpClient.ts";
import { isProblem, Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { startIssuer } from "../../issuer/issuer.ts";
import type { Fault, TestIssuer } from "../../issuer/types.ts";
import { temporaryDirectory } from "../../support/cleanUp.ts";
import { createPrivateCa, type PrivateCa } from "../../support/privateCa.ts";
import { createServices, type TestServices } from "../../support/services.ts";
import { eventually } from "../../support/timing.ts";

const grant = { code: "c", codeVerifier: "v", redirectUri: "http://localhost:1455/auth/callback" };

describe("What keeps VS Code from the service", () => {
  let http: HttpClient;
  let folder: ReturnType<typeof temporaryDirectory>;
  let ca: PrivateCa;
  let issuer: TestIssuer;
  let secure: TestIssuer;
  /** No connection was made to it while its certificate was trusted. */
  let unmet: TestIssuer;
  let services: TestServices | undefined;
  const ordinaryCas = getCACertificates("default");

  before(async () => {
    http = createHttpClient(() => "test", "test");
    folder = temporaryDirectory();
    ca = createPrivateCa(folder.path, []);
    issuer = await startIssuer();
    secure = await startIssuer({ tls: ca.tls });
    unmet = await startIssuer({ tls: ca.tls });
  });
  after(async () => {
    setDefaultCACertificates(ordinaryCas);
    await Promise.all([issuer, secure, unmet].map((server) => server.close()));
    await folder.remove();
  });
  afterEach(async () => {
    setDefaultCACertificates(ordinaryCas);
    issuer.faults.clear();
    await services?.dispose();
    services = undefined;
  });

  /** What a request to the token endpoint fails with. */
  async function problemAt(base: string): Promise<Problem> {
    try {
      await new TokenEndpoint(http, base).redeemCode(grant);
    } catch (error) {
      if (isProblem(error)) return error;
      throw error;
    }
    return assert.fail("it succeeded");
  }

  /** The sentence names the cause and the next step. */
  const sentences: Readonly<Partial<Record<ProblemCode, RegExp>>> = {
    dnsFailed: /address couldn't be resolved.*Check your network connection and the setting “http\.proxy”/,
    unreachable: /couldn't be reached.*Check your network connection and the setting “http\.proxy”/,
    tlsFailed: /certificate may not be trusted here.*install your company's certificate/,
    proxyFailed: /proxy refused.*Check the setting “http\.proxy” and your proxy credentials/,
    regionBlocked: /region of this network.*set the same one in “http\.proxy”/,
    edgeBlocked: /protection page.*Try another network, or turn your VPN or proxy on or off/,
    networkSignIn: /requires you to sign in first.*accept the network's terms, then try again/,
    unreadableAnswer: /a proxy or a network sign-in page may have replaced it.*Check your network, then try again/,
    exchangeRefused: /refused to complete the sign-in/,
  };

  it("is a name that cannot be looked up", async () => {
    const problem = await problemAt("https://sign-in.invalid");
    assert.equal(problem.code, "dnsFailed");
    assert.match(problem.message, sentences.dnsFailed ?? /never/);
  });

  it("is a port where nobody listens", async () => {
    assert.equal((await problemAt("http://127.0.0.1:9")).code, "unreachable");
  });

  it("is a company's certificate, until it is trusted", async () => {
    const problem = await problemAt(secure.issuer);
    assert.equal(problem.code, "tlsFailed");
    assert.match(problem.message, sentences.tlsFailed ?? /never/);
    setDefaultCACertificates([...ordinaryCas, ca.ca]);
    // Now the issuer itself answers: it does not know the code.
    const refused = await problemAt(secure.issuer);
    assert.equal(refused.code, "exchangeRefused");
    assert.match(refused.message, sentences.exchangeRefused ?? /never/);
  });

  it("is a certificate for another name, trusted or not", async () => {
    setDefaultCACertificates([...ordinaryCas, ca.ca]);
    const other = secure.issuer.replace("127.0.0.1", "127.0.0.2");
    const server = await startIssuer({ tls: ca.tls, host: "127.0.0.2" });
    try {
      assert.equal((await problemAt(other.replace(/:\d+$/, `:${new URL(server.listening).port}`))).code, "tlsFailed");
    } finally {
      await server.close();
    }
  });

  const faults: readonly [string, Fault, ProblemCode][] = [
    ["a region, refused in JSON", { kind: "region" }, "regionBlocked"],
    ["a protection page", { kind: "edgePage" }, "edgeBlocked"],
    ["a captive portal that answers with its page", { kind: "html" }, "unreadableAnswer"],
    ["a captive portal that redirects", { kind: "redirect", location: "http://192.0.2.1/login" }, "unreadableAnswer"],
    ["a captive portal with status 511", { kind: "status", status: 511 }, "networkSignIn"],
    ["a proxy that wants to know who it is", { kind: "status", status: 407 }, "proxyFailed"],
    ["a refusal of the service itself", { kind: "status", status: 400, code: "invalid_grant" }, "exchangeRefused"],
    [
      "a refusal with 403 of the service itself",
      { kind: "status", status: 403, code: "access_denied" },
      "exchangeRefused",
    ],
  ];
  for (const [name, fault, code] of faults) {
    it(`is ${name}`, async () => {
      issuer.faults.set("token", fault);
      const problem = await problemAt(issuer.issuer);
      assert.equal(problem.code, code);
      assert.match(problem.message, sentences[code] ?? /never/);
    });
  }

  it("is a captive portal with its own status and page", async () => {
    const portal: Server = createServer((_request, response) => {
      response.writeHead(511, { "content-type": "text/html" }).end("<h1>Welcome to Hotel Wi-Fi</h1>");
    });
    await new Promise<void>((resolve) => portal.listen(0, "127.0.0.1", resolve));
    const { port } = portal.address() as AddressInfo;
    try {
      const problem = await problemAt(`http://127.0.0.1:${port}`);
      assert.equal(problem.code, "networkSignIn");
      assert.match(problem.message, sentences.networkSignIn ?? /never/);
      assert.doesNotMatch(problem.message, /Hotel/);
    } finally {
      await new Promise((resolve) => portal.close(resolve));
    }
  });

  describe("after the browser got through", () => {
    const reached = /^Your browser reached the sign-in service, but VS Code didn't\. /;

    /** Signs in with a browser that reaches the issuer, while VS Code's own calls go to `base`. */
    async function signIn(base: string, flow: "browser" | "deviceCode" = "browser"): Promise<Problem> {
      services = await createServices({
        issuer: issuer.issuer,
        signIn: { tokenEndpoint: () => new TokenEndpoint(http, base) },
      });
      const failed = await services.signIn.run({ flow }).catch((error: unknown) => error);
      await eventually(async () => {
        await assert.rejects(fetch("http://127.0.0.1:1455"));
      }, 2_000);
      return isProblem(failed) ? failed : assert.fail(String(failed));
    }

    const elsewhere: readonly [string, () => string, ProblemCode][] = [
      ["a name that cannot be looked up", () => "https://sign-in.invalid", "dnsFailed"],
      ["a certificate that is not trusted", () => unmet.issuer, "tlsFailed"],
      ["no server", () => "http://127.0.0.1:9", "unreachable"],
    ];
    for (const [name, base, code] of elsewhere) {
      it(`tells ${name} apart from a refusal`, async () => {
        const problem = await signIn(base());
        assert.equal(problem.code, code);
        assert.match(problem.message, reached);
        assert.match(problem.message, sentences[code] ?? /never/);
      });
    }

    for (const [name, fault, code] of faults) {
      const apart = ["regionBlocked", "edgeBlocked", "proxyFailed"].includes(code);
      it(`${apart ? "tells" : "does not take"} ${name} for a network of VS Code's own`, async () => {
        issuer.faults.set("token", fault);
        const problem = await signIn(issuer.issuer);
        assert.equal(problem.code, code);
        assert.equal(reached.test(problem.message), apart);
        assert.match(problem.message, sentences[code] ?? /never/);
      });
    }
  });

  it("leaves nothing of a server in any sentence", () => {
    for (const code of Object.keys(sentences) as ProblemCode[]) {
      assert.equal(new Problem(code, "<script>").message.includes("<script>"), false);
    }
  });
});
