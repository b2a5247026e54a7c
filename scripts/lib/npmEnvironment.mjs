// The environment for an npm that the project starts, without that of the package manager that started the project.

/**
 * Settings of the person's network and computer, which are kept. Everything else under `npm_` belongs to the running
 * command (the version of the outer Node, `--ignore-scripts`, `--omit`, a prefix, a workspace …) and is left out. Names
 * like NPM_TOKEN are kept as well: an .npmrc may refer to them.
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

/** What package managers set when they run a script. NODE_ENV=production would leave out our tools. */
const dropped =
  /^(?:npm_config_.*|yarn_.*|pnpm_.*|bun_.*|berry_bin_folder|project_cwd|init_cwd|node|node_env|corepack_root|prefix|omit)$/i;

/**
 * Copies `environment` without the variables of an outer npm, pnpm, Yarn or Bun, or of a debugger of Node.
 * @param {Readonly<Record<string, string | undefined>>} environment for instance `process.env`
 * @returns {Record<string, string>}
 */
export function npmEnvironment(environment) {
  const result = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (name.toUpperCase() === "NODE_OPTIONS") {
      const options = withoutInspector(withoutPlugAndPlay(value));
      if (options) result[name] = options;
    } else if (isKeptSetting(name) || !(dropped.test(name) || name.startsWith("npm_"))) result[name] = value;
  }
  return result;
}

function isKeptSetting(name) {
  const setting = /^npm_config_(.*)$/i.exec(name)?.[1];
  // Settings of one registry or scope (`@scope:registry`, `//host/:_authToken`) are the person's as well.
  return (
    setting !== undefined &&
    (keptSettings.has(setting.toLowerCase().replaceAll("-", "_")) || /^(?:@|\/\/)/.test(setting))
  );
}

/** Yarn's Plug'n'Play makes every Node below it resolve packages from the outer project. */
function withoutPlugAndPlay(options) {
  return options
    .replace(/(?:^|\s)(?:--require|-r|--import|--loader|--experimental-loader)[\s=]("[^"]*"|\S+)/g, (option) =>
      /\.pnp\.(?:c?js|loader\.mjs)/.test(option) ? "" : option,
    )
    .trim();
}

/** Each child process would wait for its own debugger (`--inspect-brk`), or want the port of the first one. */
function withoutInspector(options) {
  return options
    .replace(/(?:^|\s)--(?:inspect-port|debug-port|inspect-publish-uid)[\s=]\S+/g, "")
    .replace(/(?:^|\s)--inspect(?:-brk|-wait)?(?:=\S+)?(?=\s|$)/g, "")
    .trim();
}
