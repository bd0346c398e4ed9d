/** The generated modules where they are not built yet. */

declare module "*/generated/lampyris_core.js" {
  const init: () => Promise<unknown>;
  export default init;
}

declare module "*/generated/lampyris_net.js" {
  const init: () => Promise<unknown>;
  export default init;
}
