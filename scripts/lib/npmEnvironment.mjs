// The environment for an npm that the project starts itself, from inside whatever started the project.

/**
 * What describes the person's network and computer, not the command that is running: kept, whoever set it. Everything
 * else under `npm_` (the version of the outer Node, `--ignore-scripts`, `--omit`, a prefix, a workspace …) is left out.
 */
const keptSettings = new Set([
  "registry",
  "proxy",
  "https_proxy",
  "noproxy",
  "ca",
  "cafile",
  "cert",
  "key",
  "strict_ssl",
  "cache",
  "userconfig",
  "globalconfig",
  "maxsockets",
  "fetch_retries",
  "fetch_timeout",
]);

/** What package managers set beside `npm_…` when they run a script. NODE_ENV=production would leave out our tools. */
const dropped =
  /^(?:npm_.*|yarn_.*|pnpm_.*|bun_.*|berry_bin_folder|project_cwd|init_cwd|node|node_env|corepack_root|prefix|omit)$/i;

/**
 * A copy of `environment` without what an outer npm, pnpm, Yarn or Bun has put there.
 * @param {Readonly<Record<string, string | undefined>>} environment for instance `process.env`
 * @returns {Record<string, string>}
 */
export function npmEnvironment(environment) {
  const result = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (name.toUpperCase() === "NODE_OPTIONS") {
      const options = withoutPlugAndPlay(value);
      if (options) result[name] = options;
    } else if (!dropped.test(name) || isKeptSetting(name)) result[name] = value;
  }
  return result;
}

function isKeptSetting(name) {
  const setting = /^npm_config_(.*)$/i.exec(name)?.[1];
  // Settings of one registry or scope (`@scope:registry`, `//host/:_authToken`) are the person's as well.
  return setting !== undefined && (keptSettings.has(setting.toLowerCase()) || /^(?:@|\/\/)/.test(setting));
}

/** Yarn's Plug'n'Play makes every Node below it resolve packages from the outer project. */
function withoutPlugAndPlay(options) {
  return options
    .replace(/(?:^|\s)(?:--require|-r|--import|--loader|--experimental-loader)[\s=]("[^"]*"|\S+)/g, (option) =>
      /\.pnp\.(?:c?js|loader\.mjs)/.test(option) ? "" : option,
    )
    .trim();
}
