/** Plans whose product name is not simply the capitalized claim (`chatgpt_plan_type`). */
const planNames = new Map([
  ["prolite", "Pro Lite"],
  ["self_serve_business_prolite", "Business Pro Lite"],
  ["self_serve_business_usage_based", "Business"],
  ["ent26", "Enterprise"],
  ["enterprise_cbp_automation", "Enterprise"],
  ["enterprise_cbp_usage_based", "Enterprise"],
  ["hc", "Enterprise"],
  ["edu", "Edu"],
  ["education", "Edu"],
  ["free_workspace", "Free"],
]);

/** A plan's name for people: `plus` becomes "Plus", `edu_pro` "Edu Pro"; unknown ones are kept, in the same style. */
export function planName(plan: string): string {
  const words = plan.split(/[_\s]+/).filter((word) => word !== "");
  return planNames.get(plan) ?? words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");
}
