import { z } from "zod";

const license = z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[A-Za-z\d.-]+$/) }) });
const hash = z.strictObject({
  alg: z.enum(["SHA-256", "SHA-384", "SHA-512"]),
  content: z.string().regex(/^(?:[a-f\d]{64}|[a-f\d]{96}|[a-f\d]{128})$/),
});
const named = {
  "bom-ref": z.string().min(1),
  group: z.string().min(1).optional(),
  name: z.string().min(1),
  version: z.string().min(1),
  licenses: z.array(license).min(1),
};

/**
 * What of CycloneDX 1.6 our bill of materials uses, and nothing else: no time, no tool (https://cyclonedx.org/docs/1.6/json/).
 */
export const bomShape = z
  .strictObject({
    bomFormat: z.literal("CycloneDX"),
    specVersion: z.literal("1.6"),
    serialNumber: z.string().regex(/^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
    version: z.literal(1),
    metadata: z.strictObject({ component: z.strictObject({ type: z.literal("application"), ...named }) }),
    components: z.array(
      z.strictObject({
        type: z.literal("library"),
        ...named,
        scope: z.literal("required"),
        hashes: z.array(hash).min(1),
        purl: z.string().regex(/^pkg:npm\/(?:%40[a-z\d._~-]+\/)?[a-z\d._~-]+@[\w.%~-]+$/),
      }),
    ),
    dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
  })
  .refine(({ metadata, components, dependencies }) => {
    const refs = [metadata.component["bom-ref"], ...components.map((one) => one["bom-ref"])];
    const known = new Set(refs);
    return (
      known.size === refs.length &&
      dependencies.every(({ ref, dependsOn }) => [ref, ...dependsOn].every((one) => known.has(one)))
    );
  }, "A reference is used twice or leads nowhere");
