#!/usr/bin/env node
// @ts-check
/**
 * Boots a lab host to play with: `npm run lab`, or `npm run lab -- kvm`. Ends with Ctrl-C, and the host with it.
 * The first line on standard output is JSON, as `npx pulumi-pci-passthrough simulate` prints it.
 */
const { CommandError } = require("../../scripts/command.js");
require("./typescript.js");
const { bootLab } = require("./lab-host");

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @param {readonly string[]} words */
async function main([mode = "xen", processor, ...rest]) {
  if ((mode !== "xen" && mode !== "kvm") || rest.length > 0)
    throw new CommandError("usage: npm run lab [-- xen|kvm [<QEMU processor model>]]");
  const ended = new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, resolve);
  });
  const booted = bootLab({ mode, processor, nvme: "functions-and-disk", say });
  const host = await Promise.race([booted, ended.then(() => undefined)]);
  // Interrupted while it boots: QEMU ends with this process.
  if (host === undefined) process.exit(130);
  try {
    const { name, address, port, user, identityFile, hostKey } = host;
    process.stdout.write(`${JSON.stringify({ name, address, port, user, identityFile, hostKey })}\n`);
    say(`
Log in:
  ssh -p ${port} -i ${identityFile} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ${user}@${address}
In a Pulumi program:
  const host = ${JSON.stringify({ address, port, user, identityFile, hostKey }, null, 2).replaceAll("\n", "\n  ")};
  new pci.AssignableDevice("nic", { host, device: "0000:01:00.0" });
Everything done to it is gone when it stops. Stop it: Ctrl-C`);
    await ended;
  } finally {
    await host.stop();
  }
}

main(process.argv.slice(2)).catch((error) => {
  say(error instanceof CommandError ? error.message : String(error?.stack ?? error));
  process.exitCode = 1;
});
