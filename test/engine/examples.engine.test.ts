import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { EXAMPLES } from "../../scripts/examples.js";
import { type SimulatedHost, startSimulatedHost } from "../../simulator";
import { driverOf, output } from "../contract/test-host";
import { CHECKOUT } from "./project-folder";
import { PulumiProject } from "./pulumi-project";

/** What holds after an example's `up`. */
interface Outcome {
  /** How many resources it makes, with the stack. */
  readonly resources: number;
  readonly holds: (hosts: readonly SimulatedHost[]) => Promise<void>;
}

/** test/engine/pulumi-project.engine.test.ts runs quickstart, test/scenarios/xenserver-7.engine.test.ts xenserver. */
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  "sriov-pool": {
    resources: 8,
    holds: async ([host]) => {
      if (!host) throw new Error("no host");
      expect(await driverOf(host, "0000:03:00.1")).toBe("pciback");
      expect(await output(host, "cat /etc/xen/web1.cfg")).toContain("0000:03:00.1");
      expect(await output(host, "cat /etc/xen/db1.cfg")).toContain("0000:03:00.2");
    },
  },
  fleet: {
    resources: 11,
    holds: async (hosts) => {
      for (const host of hosts) {
        expect(host.stats.reboots).toBe(1);
        expect(await driverOf(host, "0000:03:00.0")).toBe("pciback");
      }
    },
  },
  "kvm-gpu": {
    resources: 7,
    holds: async ([host]) => {
      if (!host) throw new Error("no host");
      expect(host.stats.reboots).toBe(1);
      expect(await driverOf(host, "0000:04:00.1")).toBe("vfio-pci");
      const guest = await output(host, "virsh -c qemu:///system dumpxml --inactive web");
      expect(guest).toContain("bus='0x04' slot='0x00' function='0x1'");
    },
  },
};

const examples = EXAMPLES.flatMap((example) => {
  const outcome = OUTCOMES[example.name];
  return outcome ? [{ ...example, ...outcome }] : [];
});

/** By `npm run lint`; of quickstart and xenserver by their programs, too. */
const TYPES_ARE_CHECKED = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };

const hosts: SimulatedHost[] = [];
let project: PulumiProject | undefined;
afterEach(async () => {
  await project?.dispose();
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

test.each(examples.map((example) => [example.name, example] as const))(
  "examples/%s is deployed, changes nothing twice, and gives everything back",
  async (_, example) => {
    hosts.push(...(await Promise.all(example.hosts.map((options) => startSimulatedHost(options)))));
    const untouched = await Promise.all(hosts.map(snapshot));
    const folder = path.join(CHECKOUT, "examples", example.name);
    project = await PulumiProject.create({ kind: "folder", folder }, TYPES_ARE_CHECKED);
    project.configure(example.config(hosts.map(loginTo)));

    const up = await project.up();
    expect(up.output).toContain(`+ ${example.resources} created`);
    await example.holds(hosts);
    const again = await project.up({ args: ["--expect-no-changes"] });
    expect([again.exitCode, again.output]).toEqual([0, expect.stringContaining(`${example.resources} unchanged`)]);
    const destroyed = await project.destroy();
    expect(destroyed.output).toContain(`- ${example.resources} deleted`);
    if (destroyed.output.includes("Hosts that wait for a reboot"))
      await Promise.all(hosts.map((host) => host.reboot()));
    expect(await Promise.all(hosts.map(snapshot))).toEqual(untouched);
  },
  600_000,
);

test("npm run demo -- automation runs preview, up and destroy from a program", async () => {
  const demo = path.join(CHECKOUT, "scripts/demo.js");
  const { stdout } = await promisify(execFile)(process.execPath, [demo, "automation"]);
  expect(stdout).toMatch(/^pending: none$/m);
  expect(stdout).toContain("- 3 deleted");
});

/**
 * What the host is configured to be, and which driver has which device; libvirt keeps controllers that it added to a
 * guest.
 */
function snapshot(host: SimulatedHost): Promise<string> {
  return output(
    host,
    `find /etc -type f | grep -v libvirt | sort | xargs cksum
grep -r '<hostdev' /etc/libvirt 2> /dev/null || echo no hostdev
ls -a /var/lib
cd /sys/bus/pci/drivers && ls -d */0000:*`,
  );
}

function loginTo({ address, port, user, identityFile, hostKey }: SimulatedHost): object {
  return { address, port, user, identityFile, hostKey };
}
