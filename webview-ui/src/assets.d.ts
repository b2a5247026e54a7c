declare module "*.css";

declare module "*.svg" {
  /** The file's text, which esbuild's `text` loader puts into the bundle. */
  const source: string;

  // biome-ignore lint/style/noDefaultExport: the shape of what esbuild makes of a text file
  export { source as default };
}
