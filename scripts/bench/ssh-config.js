// @ts-check
const fs = require("node:fs");

/** @typedef {import("./project.js").Login} Login */

/**
 * Hosts in a file for `ssh -F`, as `host0`, `host1`, ….
 *
 * @param {string} file
 * @param {readonly Login[]} logins
 * @returns {readonly string[]} their names
 */
function writeSshConfig(file, logins) {
  const entries = logins.map(
    ({ address, port, user, identityFile }, index) => `Host host${index}
  HostName ${address}
  Port ${port}
  User ${user}
  IdentityFile ${identityFile}
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
`,
  );
  fs.writeFileSync(file, entries.join(""));
  return logins.map((_, index) => `host${index}`);
}

module.exports = { writeSshConfig };
