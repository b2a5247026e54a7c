import * as z from "zod/mini";

// The policy forbids `new Function`, which zod may compile parsers with (zod/mini 4 does not). Said before the first
// schema is made, because the policy also reports an attempt that is caught.
z.config({ jitless: true });
