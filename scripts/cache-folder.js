// @ts-check
const os = require("node:os");
const path = require("node:path");

/** Where we keep what outlives a checkout, by the XDG Base Directory Specification. */
function cacheFolder() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "pulumi-pci-passthrough");
}

module.exports = { cacheFolder };
