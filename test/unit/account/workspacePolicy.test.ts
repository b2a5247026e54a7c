import assert from "node:assert/strict";
import { allowedWorkspacesIn } from "../../../src/account/allowedWorkspaces.ts";
import { WorkspacePolicy } from "../../../src/account/workspacePolicy.ts";
import { Problem } from "../../../src/shared/problem.ts";
import { jwt } from "../codex/authFile/authTexts.ts";

const plus = "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01";

describe("The policy of ChatGPT workspaces", () => {
  let setting: unknown;
  const policy = new WorkspacePolicy(() => allowedWorkspacesIn(setting));

  /** What the setting is, a ChatGPT workspace, and why it is not allowed. */
  const rows: readonly [unknown, string | undefined, Problem["code"] | undefined][] = [
    [undefined, plus, undefined],
    [[], plus, undefined],
    [[], undefined, undefined],
    [[plus], plus, undefined],
    [["other", ` ${plus.toUpperCase()}\n`], plus, undefined],
    [[plus], plus.toUpperCase(), undefined],
    [["other"], plus, "accountNotAllowed"],
    [[plus], undefined, "accountNotAllowed"],
    [[plus], "", "accountNotAllowed"],
    [[plus.slice(0, -1)], plus, "accountNotAllowed"],
    [["*"], plus, "accountNotAllowed"],
    [[7, plus], plus, undefined],
    [[7, "other", ""], plus, "accountNotAllowed"],
    [[""], plus, "allowedWorkspacesUnusable"],
    [[""], "", "allowedWorkspacesUnusable"],
    [[" \t"], undefined, "allowedWorkspacesUnusable"],
    [[null, 7, {}, [plus]], plus, "allowedWorkspacesUnusable"],
    [plus, plus, "allowedWorkspacesUnusable"],
    ["", plus, "allowedWorkspacesUnusable"],
    [null, plus, "allowedWorkspacesUnusable"],
    [false, plus, "allowedWorkspacesUnusable"],
    [7, plus, "allowedWorkspacesUnusable"],
    [{ 0: plus, length: 1 }, plus, "allowedWorkspacesUnusable"],
  ];
  for (const [given, workspaceId, code] of rows) {
    it(`${JSON.stringify(given)}: ${JSON.stringify(workspaceId)} is ${code ?? "allowed"}`, () => {
      setting = given;
      const account = { workspaceId };
      assert.deepEqual([policy.isAllowed(account), policy.problem(account)?.code], [code === undefined, code]);
      if (code === undefined) policy.assertAllowed(account);
      else assert.throws(() => policy.assertAllowed(account), new Problem(code));
    });
  }

  it("goes by the claim that ids and headers are made from: the ID token's, then the access token's", () => {
    const token = (workspace: unknown) => jwt({ "https://api.openai.com/auth": { chatgpt_account_id: workspace } });
    const mayStore = (idToken: string, accessToken: string) => {
      try {
        policy.assertMayStore({ idToken, accessToken });
        return true;
      } catch (error) {
        assert.deepEqual(error, new Problem("workspaceNotAllowed"));
        return false;
      }
    };
    setting = [plus];
    assert.deepEqual(
      [
        mayStore(token(plus), token("other")),
        mayStore(token("other"), token(plus)),
        mayStore(token(undefined), token(plus)),
        mayStore(token(undefined), token(7)),
        mayStore("opaque", "opaque"),
      ],
      [true, false, true, false, false],
    );
    setting = [];
    assert.ok(mayStore("opaque", "opaque"));
  });

  it("names the setting and what to do, in each of its sentences", () => {
    for (const code of ["accountNotAllowed", "allowedWorkspacesUnusable", "workspaceNotAllowed"] as const) {
      assert.match(new Problem(code).message, /“chatgptSignIn\.allowedWorkspaces”.*(Switch to|correct)/);
    }
  });
});
