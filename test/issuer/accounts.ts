import type { TestAccount } from "./types.ts";

export const authClaim = "https://api.openai.com/auth";
export const profileClaim = "https://api.openai.com/profile";

const blank: Omit<TestAccount, "sub" | "email"> = {
  password: "password",
  name: "Test Person",
  plan: "free",
  chatgptUserId: "",
  chatgptAccountId: "",
  organizationId: undefined,
  projectId: undefined,
  organizations: [],
  completedPlatformOnboarding: false,
  isOrgOwner: false,
  entitled: true,
  authClaims: {},
  idTokenClaims: {},
};

function withOrganization(name: string): Partial<TestAccount> {
  return {
    organizationId: `org-${name}Example`,
    projectId: `proj_${name}Example`,
    organizations: [
      // Not the account's organization, to catch a client that takes organizations[0].
      { id: `org-other${name}`, title: "Somebody else's", role: "reader", is_default: false },
      { id: `org-${name}Example`, title: "Personal", role: "owner", is_default: true },
    ],
  };
}

export const defaultAccounts: Partial<TestAccount>[] = [
  {
    sub: "plus",
    email: "plus@example.com",
    plan: "plus",
    chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d01",
    ...withOrganization("plus"),
    completedPlatformOnboarding: true,
  },
  { sub: "free", email: "free@example.com", plan: "free", chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d02" },
  {
    sub: "owner",
    email: "owner@example.com",
    plan: "pro",
    chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d03",
    ...withOrganization("owner"),
    isOrgOwner: true,
  },
  {
    sub: "team",
    email: "team@example.com",
    plan: "team",
    chatgptAccountId: "5f0c1a34-8b7e-4c52-9d0a-1f6e2b3c4d04",
    ...withOrganization("team"),
    completedPlatformOnboarding: true,
  },
];

/** Lays `over` on `claims`; null removes. */
function overlay(claims: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...claims, ...over };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null && value !== undefined));
}

/** The `https://api.openai.com/auth` object of id_token and access token that openai/codex reads. */
export function authClaims(account: TestAccount): Record<string, unknown> {
  return overlay(
    {
      chatgpt_account_id: account.chatgptAccountId,
      chatgpt_plan_type: account.plan,
      chatgpt_user_id: account.chatgptUserId,
      user_id: account.chatgptUserId,
      organization_id: account.organizationId,
      project_id: account.projectId,
      completed_platform_onboarding: account.completedPlatformOnboarding,
      is_org_owner: account.isOrgOwner,
      organizations: account.organizations,
      groups: [],
      localhost: true,
    },
    account.authClaims,
  );
}

/** The claims of an id_token besides those of OpenID Connect. */
export function idTokenClaims(account: TestAccount): Record<string, unknown> {
  return overlay(
    { email: account.email, email_verified: true, name: account.name, [authClaim]: authClaims(account) },
    account.idTokenClaims,
  );
}

/** The people who can sign in. */
export class AccountBook {
  readonly #bySub = new Map<string, TestAccount>();

  constructor(accounts: Partial<TestAccount>[]) {
    for (const account of accounts) this.set(account.sub ?? account.email ?? "", account);
  }

  /** Changes an account, or adds one; @throws without a sub, or a new one without an email. */
  set(sub: string, patch: Partial<TestAccount>): void {
    const before = this.#bySub.get(sub);
    const email = patch.email ?? before?.email;
    if (sub === "" || email === undefined) throw new Error("an account needs a sub and an email");
    const ids = { chatgptUserId: `user-${sub}Example`, chatgptAccountId: `account-${sub}` };
    this.#bySub.set(sub, { ...blank, ...ids, ...before, ...patch, email, sub });
  }

  get(sub: string): TestAccount | undefined {
    return this.#bySub.get(sub);
  }

  /** The accounts of this email and password, one for each workspace. */
  logIn(email: string, password: string): TestAccount[] {
    return [...this.#bySub.values()].filter((account) => account.email === email && account.password === password);
  }
}
