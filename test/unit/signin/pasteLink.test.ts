import assert from "node:assert/strict";
import fc from "fast-check";
import { createState } from "../../../src/oauth/pkce.ts";
import { isProblem, Problem, type ProblemCode } from "../../../src/shared/problem.ts";
import { readPastedLink } from "../../../src/signin/paste.ts";
import { SignInPage } from "../../../src/signin/signInPage.ts";
import { withinSeconds } from "../../support/withinSeconds.ts";
import { otherIssuers } from "../oauth/callbackFixture.ts";

describe("A pasted address", () => {
  const state = createState();
  const issuer = "https://auth.openai.com";
  const answer = `code=ac_123.456&state=${state}`;
  const link = `http://localhost:1455/auth/callback?${answer}`;
  const at1455 = "http://localhost:1455/auth/callback";
  const at1457 = "http://localhost:1457/auth/callback";

  const accepted: readonly [string, string, string][] = [
    ["as the browser shows it", link, at1455],
    ["with the second port", link.replace("1455", "1457"), at1457],
    ["with further parameters", `${link}&scope=openid`, at1455],
    ["with a fragment", `${link}#`, at1455],
    ["under 127.0.0.1", link.replace("localhost", "127.0.0.1"), at1455],
    ["under [::1]", link.replace("localhost", "[::1]"), at1455],
    ["without its scheme", link.slice("http://".length), at1455],
    ["with blanks and line ends around it", ` \n${link}\r\n`, at1455],
    ["in angle brackets", `<${link}>`, at1455],
    ["in quotes", `"${link}"`, at1455],
    ["with its issuer", `${link}&iss=${encodeURIComponent(issuer)}`, at1455],
    ["with its issuer, not encoded", `${link}&iss=${issuer}`, at1455],
    ["under https, as some address bars have it", link.replace("http:", "https:"), at1455],
    ["under https and 127.0.0.1", link.replace("http://localhost", "https://127.0.0.1"), at1455],
    ["under https and [::1], with the second port", `https://[::1]:1457/auth/callback?${answer}`, at1457],
    ["under 127.0.0.1 without its scheme", link.replace("http://localhost", "127.0.0.1"), at1455],
    ["under [::1] without its scheme", link.replace("http://localhost", "[::1]"), at1455],
    ["without its scheme, but with its slashes", link.slice("http:".length), at1455],
    ["in capital letters as far as they mean the same", link.replace("http://localhost", "HTTP://LOCALHOST"), at1455],
    ["with line ends within", link.replace(/(.{20})/g, "$1\r\n"), at1455],
    ["with blanks and tabs within", link.replace(/(.{13})/g, "$1 \t"), at1455],
    ["with line ends within, in angle brackets", `<\n${link.replace("&", "\n&")}\n>`, at1455],
    ["in single quotes", `'${link}'`, at1455],
    ["in back quotes", `\`${link}\``, at1455],
    ["in typographic quotes", `“${link}”`, at1455],
    ["in guillemets", `«${link}»`, at1455],
    ["in German quotes", `„${link}“`, at1455],
    ["in several of them", `("<${link}>")`, at1455],
    ["escaped as in HTML", link.replaceAll("&", "&amp;"), at1455],
    ["escaped twice", link.replaceAll("&", "&amp;amp;"), at1455],
    ["with the known suffix of the state", `${link}.onboarding_entrypoint=life_sciences`, at1455],
    ["with that suffix and a full stop", `${link}.onboarding_entrypoint=life_sciences.`, at1455],
    ["at the end of a sentence", `${link}.`, at1455],
    ["before a comma", `${link},`, at1455],
    ["before several signs", `"${link}"…`, at1455],
    ["in brackets at the end of a sentence", `(${link}).`, at1455],
    [
      "with zero-width spaces",
      `\u200b${link.replace("&", "\u200b&\u00ad").replace("state", "st\u2060ate")}\ufeff`,
      at1455,
    ],
    ["with direction marks around it", `\u202a${link}\u202c`, at1455],
    ["in square brackets", `[${link}]`, at1455],
    ["in braces", `{${link}}`, at1455],
    ["under [::1] in square brackets", `[${link.replace("http://localhost", "[::1]")}]`, at1455],
    ["as a link of Markdown", `[${link}](${link})`, at1455],
    ["as a link of Markdown in a sentence", `[a [b] text](<${link}>).`, at1455],
    ["quoted in a mail", `> ${link}`, at1455],
    ["quoted in a mail, twice, and wrapped", `> > ${link.replace("&", "&\n> >")}\n>> \n`, at1455],
    ["quoted in a mail, in angle brackets", `> <${link}>`, at1455],
    ["escaped as in a terminal", link.replaceAll(/[?=&]/g, "\\$&"), at1455],
    ["escaped in full as in a terminal", link.replaceAll(/[^\w]/g, "\\$&"), at1455],
    ["on several lines of a terminal", link.replace("&", "\\\n&"), at1455],
  ];
  for (const [how, text, redirectUri] of accepted) {
    it(`is taken ${how}`, () => {
      assert.deepEqual(readPastedLink(text, state, issuer), { answer: { code: "ac_123.456" }, redirectUri });
    });
  }

  const parts: readonly [string, string][] = [
    ["its query alone", answer],
    ["its query with the question mark", `?${answer}`],
    ["its path and query", `/auth/callback?${answer}`],
    ["its query with the state first", `state=${state}&code=ac_123.456`],
    ["its query with its issuer", `iss=${issuer}&${answer}`],
    ["its query, escaped and wrapped", `"${answer.replace("&", "\n&amp;")}"`],
    ["code#state", `ac_123.456#${state}`],
    ["code#state at the end of a sentence", `ac_123.456#${state}.`],
    ["its query with a hash at its end", `${answer}#`],
    ["its path and query with a fragment", `/auth/callback?${answer}#_=_`],
    ["its query at the end of a sentence", `${answer}.`],
    ["its query with the state first and a hash", `state=${state}&code=ac_123.456#`],
    ["code#state, wrapped and in quotes", `"ac_123.456#${state.slice(0, 20)}\n${state.slice(20)}"`],
  ];
  for (const [what, text] of parts) {
    it(`is taken where it is ${what} and the page was opened with one redirect URI`, () => {
      for (const uri of [at1455, at1457])
        assert.deepEqual(readPastedLink(text, state, issuer, uri), {
          answer: { code: "ac_123.456" },
          redirectUri: uri,
        });
      assert.throws(
        () => readPastedLink(text, state, issuer),
        (error) => isProblem(error, "pasteNotAnAddress"),
      );
    });
  }

  it("without a port is of the one that the page was opened with, and of none where there were two", () => {
    const page = new SignInPage({ issuer, allowedWorkspaces: [], chooseAccount: false });
    assert.equal(page.redirectUri, undefined);
    page.addressFor(at1457);
    page.addressFor(at1457);
    assert.equal(page.redirectUri, at1457);
    page.addressFor(at1455);
    assert.equal(page.redirectUri, undefined);
  });

  it("that names its port keeps that, whatever the page was opened with", () => {
    assert.equal(readPastedLink(link, state, issuer, at1457).redirectUri, at1455);
  });

  const wrongParts: readonly [string, string, ProblemCode][] = [
    ["a query of another state", `code=ac_123.456&state=${createState()}`, "pasteOtherSignIn"],
    ["a query with two states", `${answer}&state=${state}`, "pasteOtherSignIn"],
    ["a query of another issuer", `${answer}&iss=https://other.example`, "pasteOtherIssuer"],
    ["a query without a state", "code=ac_123.456", "pasteNotAnAddress"],
    ["a query without a code", `state=${state}`, "pasteNotAnAddress"],
    ["code#state of another sign-in", `ac_123.456#${createState()}`, "pasteOtherSignIn"],
    ["state#code", `${state}#ac_123.456`, "pasteOtherSignIn"],
    ["a code alone", "ac_123.456", "pasteNotAnAddress"],
    ["a state alone", state, "pasteNotAnAddress"],
    ["a code and a blank", `ac_123.456 ${state}`, "pasteNotAnAddress"],
    ["two hashes", `ac_123.456#${state}#`, "pasteNotAnAddress"],
    ["another path and query", `/success?${answer}`, "pasteNotAnAddress"],
  ];
  for (const [what, text, code] of wrongParts) {
    it(`that is ${what} is refused as ${code}, also where the page was opened with one redirect URI`, () => {
      assert.throws(
        () => readPastedLink(text, state, issuer, at1455),
        (error) => isProblem(error, code) || assert.fail(String(error)),
      );
    });
  }

  it("tells of a refusal", () => {
    const { answer: refusal } = readPastedLink(`${at1455}?error=access_denied&state=${state}`, state, issuer);
    assert.deepEqual(refusal, { error: "access_denied", entitlement: false });
  });

  it("tells of an error that is called missing_code, which is not the same as no code", () => {
    const { answer: error } = readPastedLink(`${at1455}?error=missing_code&state=${state}`, state, issuer);
    assert.deepEqual(error, { error: "missing_code", entitlement: false });
  });

  const refused: readonly [string, string, ProblemCode][] = [
    ["nothing", "", "pasteNotAnAddress"],
    ["a bare code", "ac_123.456", "pasteNotAnAddress"],
    ["a code with its state", answer, "pasteNotAnAddress"],
    ["code#state", `ac_123.456#${state}`, "pasteNotAnAddress"],
    ["a sentence", "I am signed in, what now?", "pasteNotAnAddress"],
    ["another path", link.replace("/auth/callback", "/success"), "pasteNotAnAddress"],
    ["another port", link.replace("1455", "1456"), "pasteNotAnAddress"],
    ["no port", link.replace(":1455", ""), "pasteNotAnAddress"],
    ["https of another host", link.replace("http://localhost", "https://example.com"), "pasteNotAnAddress"],
    ["another scheme", link.replace("http:", "ftp:"), "pasteNotAnAddress"],
    ["an answer in the fragment", link.replace("?", "#"), "pasteOtherSignIn"],
    ["another host", link.replace("localhost", "localhost.example.com"), "pasteNotAnAddress"],
    [
      "a user name in front of another host",
      link.replace("localhost:1455", "localhost:1455@example.com"),
      "pasteNotAnAddress",
    ],
    ["no code", `${at1455}?state=${state}`, "pasteNotAnAddress"],
    ["an empty code", `${at1455}?code=&state=${state}`, "pasteNotAnAddress"],
    ["a huge text", `${link}&x=${"a".repeat(20_000)}`, "pasteNotAnAddress"],
    ["the sign-in page", `${issuer}/oauth/authorize?state=${state}`, "pasteSignInPage"],
    ["the page of an error there", `${issuer}/error?payload=x`, "pasteSignInPage"],
    ["no state", `${at1455}?code=ac_123.456`, "pasteOtherSignIn"],
    ["another state", `${at1455}?code=ac_123.456&state=${createState()}`, "pasteOtherSignIn"],
    ["a longer state", `${link}x`, "pasteOtherSignIn"],
    ["an unknown suffix of the state", `${link}.onboarding_entrypoint=other`, "pasteOtherSignIn"],
    ["two states", `${link}&state=${state}`, "pasteOtherSignIn"],
    ["two codes", `${link}&code=ac_other`, "pasteOtherSignIn"],
    ["another state of another issuer", `${at1455}?code=a&state=x&iss=https://other.example`, "pasteOtherSignIn"],
    ["an answer of another issuer", `${link}&iss=https://other.example`, "pasteOtherIssuer"],
    ["an error of another issuer", `${at1455}?error=a&state=${state}&iss=https://other.example`, "pasteOtherIssuer"],
    ["an answer of nobody", `${at1455}?state=${state}&iss=https://other.example`, "pasteOtherIssuer"],
    ["an error of another state", `${at1455}?error=access_denied&state=x`, "pasteOtherSignIn"],
  ];
  for (const [what, text, code] of refused) {
    it(`that is ${what} is refused as ${code}`, () => {
      assert.throws(
        () => readPastedLink(text, state, issuer),
        (error) => isProblem(error, code) || assert.fail(String(error)),
      );
    });
  }

  describe("of a million characters is read at once", () => {
    const read = (text: string) =>
      withinSeconds(10, () => {
        try {
          return readPastedLink(text, state, issuer, at1455).redirectUri;
        } catch (error) {
          return isProblem(error) ? error.code : error;
        }
      });
    for (const unit of [
      ")",
      ">",
      '"',
      "(",
      "<",
      ")x",
      "a",
      " ",
      " x",
      "\n",
      "%",
      "&a=",
      "=",
      "/",
      "?",
      "#",
      "@",
      "[",
      ":",
      "]",
      "\\",
      "](",
      "\u200b",
      "\n> ",
    ]) {
      it(`${JSON.stringify(unit)} again and again`, () => {
        const many = unit.repeat(1_000_000 / unit.length);
        for (const start of ["", link, "http://", "localhost:1455"]) {
          for (const end of ["x", ")x", ">;"]) assert.equal(read(`${start}${many}${end}`), "pasteNotAnAddress");
        }
        // Space, brackets and quotes around an address do not belong to it.
        const isAround = /^(?:[)>"\s\]\u200b]|\n> )$/.test(unit);
        assert.equal(read(link + many), isAround ? at1455 : "pasteNotAnAddress");
      });
    }
  });

  for (const iss of otherIssuers) {
    it(`that does not name the issuer is refused: ${iss.slice(0, 60)}`, () => {
      const expected = iss.split("ss=").length > 2 ? "pasteOtherSignIn" : "pasteOtherIssuer";
      assert.throws(
        () => readPastedLink(`${link}&${iss}`, state, issuer),
        (error) => isProblem(error, expected) || assert.fail(String(error)),
      );
    });
  }

  it("never throws anything else, and repeats nothing of the text", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => link + text),
        ),
        (text) => {
          try {
            readPastedLink(text, state, issuer);
          } catch (error) {
            assert.ok(error instanceof Problem);
            assert.ok(text.length < 20 || !error.message.includes(text));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
