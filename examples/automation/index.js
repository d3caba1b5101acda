// @ts-check
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const pci = require("pulumi-pci-passthrough");

const { HOST = "", DEVICE = "", VM = "" } = process.env;

/** What `pulumi up` would run as the program of a project. */
async function program() {
  const host = JSON.parse(HOST);
  const assignable = new pci.AssignableDevice("assignable", { host, device: DEVICE });
  const attachment = new pci.VmPciAttachment("attachment", { host, device: assignable.device, vm: VM });
  return { pending: attachment.pending };
}

async function main() {
  // The engine loads the provider from the node_modules of this folder.
  const workDir = __dirname;
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "demo", projectName: "pci-passthrough-automation", program },
    { workDir },
  );
  const onOutput = (/** @type {string} */ text) => process.stdout.write(text);
  await stack.preview({ onOutput });
  const { outputs } = await stack.up({ onOutput });
  console.log(`pending: ${outputs.pending?.value}`);
  await stack.destroy({ onOutput });
}

main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
