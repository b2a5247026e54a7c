/** The types of npmEnvironment.mjs. */
export declare function npmEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string>;
