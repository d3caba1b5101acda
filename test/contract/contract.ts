import { Deployment } from "./deployment";
import { testsOnOneHost } from "./one-host";
import { driverOf, output, snapshot, type TestHost, writeVmConfig } from "./test-host";

const NIC = "0000:01:00.0";
const OTHER_NIC = "0000:01:00.1";
const VM_UUID = "9b1f6a1e-5a67-4f0c-8d0f-0123456789ab";
const GUEST = `kernel = "/root/vmlinuz-guest"\nramdisk = "/root/guest.img"\nmemory = 128\nvcpus = 1\n`;

interface ContractOptions {
  readonly timeoutMs: number;
  /** Lets a user of this host in who has sudo for /bin/sh; left out where the host has no second user. */
  readonly withSudoUser?: (host: TestHost) => Promise<TestHost>;
}

/** What a host with xl does, whichever one it is: the same tests run on the simulated host and on the real one. */
export function contract(start: () => Promise<TestHost>, options: ContractOptions): void {
  let host: TestHost;
  const test = testsOnOneHost({
    ...options,
    snapshot,
    async start() {
      host = await start();
      return host;
    },
  });

  const withVm = async (path: string, text: string, body: () => Promise<void>) => {
    await writeVmConfig(host, path, text);
    const before = await output(host, `cat ${path}`);
    await body();
    expect(await output(host, `cat ${path}`)).toBe(before);
    await output(host, `rm ${path}`);
  };

  describe("AssignableDevice", () => {
    test("binds a function to pciback, and its driver gets it back", async () => {
      const nic = await new Deployment(host).create("AssignableDevice", { device: "01:00.0" });

      expect(await driverOf(host, NIC)).toBe("pciback");
      expect(await output(host, "xl pci-assignable-list")).toContain(NIC);
      expect(nic.id).toMatch(/^[0-9a-f]{32}\/AssignableDevice\/0000:01:00\.0$/);
      expect(nic.outs).toMatchObject({
        device: NIC,
        active: true,
        pending: "none",
        functions: [{ address: NIC, active: true, originalDriver: "e1000e", identity: { id: "8086:10d3" } }],
      });

      await new Deployment(host).delete(nic);
      expect(await driverOf(host, NIC)).toBe("e1000e");
    });

    const { withSudoUser } = options;
    if (withSudoUser) {
      test("does the same for a user with sudo", async () => {
        const admin = await withSudoUser(host);
        const nic = await new Deployment(admin).create("AssignableDevice", { device: NIC });
        expect(await driverOf(host, NIC)).toBe("pciback");
        await new Deployment(admin).delete(nic);
      });
    }

    test("takes all functions of a slot as one", async () => {
      const slot = await new Deployment(host).create("AssignableDevice", { device: "0000:01:00" });
      expect(await driverOf(host, NIC)).toBe("pciback");
      expect(await driverOf(host, OTHER_NIC)).toBe("pciback");
      expect(slot.outs.functions).toHaveLength(2);
      await new Deployment(host).delete(slot);
    });

    test("sees that somebody released the device, and takes it again", async () => {
      const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
      await output(host, "xl pci-assignable-remove -r 01:00.0");

      const seen = await new Deployment(host).read(nic);
      expect(seen?.outs).toMatchObject({ active: false });
      const healed = await new Deployment(host).update(nic, { device: NIC });
      expect(healed?.outs).toMatchObject({ active: true });
      expect(await new Deployment(host).update(nic, { device: NIC })).toBeUndefined();

      await new Deployment(host).delete(nic);
    });

    test("leaves on pciback what it found there", async () => {
      await output(host, `modprobe xen-pciback && xl pci-assignable-add ${NIC}`);
      const preview = new Deployment(host);
      await preview.check("AssignableDevice", { device: NIC });
      expect(preview.lines.join("\n")).toContain("is on pciback already: adopted as found");

      const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
      await new Deployment(host).delete(nic);
      expect(await driverOf(host, NIC)).toBe("pciback");
      await output(host, `xl pci-assignable-remove -r ${NIC}`);
    });

    test("keeps the device of a resource that was renamed", async () => {
      const old = await new Deployment(host).create("AssignableDevice", { device: NIC }, "old-name");
      const renamed = await new Deployment(host).create("AssignableDevice", { device: NIC }, "new-name");
      await new Deployment(host).delete(old);
      expect(await driverOf(host, NIC)).toBe("pciback");
      expect(renamed.outs.functions[0].originalDriver).toBe("e1000e");
      await new Deployment(host).delete(renamed);
    });

    test("is refused to another stack", async () => {
      const assigned = await new Deployment(host).create("AssignableDevice", { device: NIC });
      const theirs = new Deployment(host, "production").create("AssignableDevice", { device: NIC });
      await expect(theirs).rejects.toThrow(/the stack "dev" of the project "contract" manages it/);
      await new Deployment(host).delete(assigned);
    });

    test("counts what is gone already as given back", async () => {
      const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
      await output(host, `xl pci-assignable-remove -r ${NIC} && rm -r /var/lib/pulumi-pci-passthrough`);
      expect(await new Deployment(host).read(nic)).toBeUndefined();
      await new Deployment(host).delete(nic);
    });
  });

  describe("what happened since the facts were read", () => {
    test("a VM that was started with the device has it: it is not taken back", async () => {
      await withVm("/etc/xen/contract.cfg", `name = "contract"\n${GUEST}`, async () => {
        const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
        const run = new Deployment(host);
        await run.read(nic);
        await output(host, `xl create /etc/xen/contract.cfg 'pci=["${NIC}"]'`);
        await expect(run.delete(nic)).rejects.toThrow(/the VM "contract" \(domain \d+\) has 0000:01:00\.0/);
        expect(await driverOf(host, NIC)).toBe("pciback");
        await output(host, "xl destroy contract");
        await new Deployment(host).delete(nic);
      });
    });

    test("two stacks at once: each waits for the other, and sees what it did", async () => {
      const [dev, production] = [new Deployment(host, "dev"), new Deployment(host, "production")];
      for (const stack of [dev, production]) await stack.check("AssignableDevice", { device: NIC });
      const [first, second, other] = await Promise.allSettled([
        dev.create("AssignableDevice", { device: NIC }),
        production.create("AssignableDevice", { device: NIC }),
        production.create("AssignableDevice", { device: OTHER_NIC }),
      ]);
      if (other.status === "rejected") throw other.reason;
      const made = [first, second].flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
      expect(made).toHaveLength(1);
      const refused = [first, second].flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
      expect(refused).toEqual([expect.stringMatching(/the stack "\w+" of the project "contract" manages it/)]);
      const winner = first.status === "fulfilled" ? "dev" : "production";
      for (const nic of made) await new Deployment(host, winner).delete(nic);
      await new Deployment(host, "production").delete(other.value);
    });
  });

  describe("preview", () => {
    test("says what the host will feel", async () => {
      const preview = new Deployment(host);
      const { failures } = await preview.check("AssignableDevice", { device: NIC }, "card");
      expect(failures).toEqual([]);
      expect(preview.lines.join("\n")).toMatch(
        /^\S+: 0000:01:00\.0 is taken from the host driver e1000e \(.*\)\n {2}the network interface \S+ disappears from the host/,
      );
    });

    const refused: readonly [string, string, RegExp][] = [
      ["a device that is not there", "0000:0f:00.0", /the host has no device 0000:0f:00\.0/],
      ["a bridge", "0000:00:05.0", /is a bridge/],
      ["the disk that the host boots from", "0000:00:02.0", /carries vda, which the host uses for \//],
      ["the NIC of the SSH session", "0000:00:03.0", /is the network interface mgmt0, and the SSH session to \S+ goes/],
    ];
    for (const [what, device, reason] of refused) {
      test(`refuses ${what}`, async () => {
        const { failures } = await new Deployment(host).check("AssignableDevice", { device });
        expect(failures).toEqual([{ property: "device", reason: expect.stringMatching(reason) }]);
      });
    }

    test("refuses hardware that is another than expected", async () => {
      const expectation = { device: NIC, expect: { id: "10de:11b4" }, allow: ["host-network"] };
      const { failures } = await new Deployment(host).check("AssignableDevice", expectation);
      expect(failures[0]?.reason).toContain("with id 8086:10d3, but the program expects 10de:11b4");
    });
  });

  describe("VmPciAttachment", () => {
    const files: readonly [string, string, string][] = [
      ["by name", "contract", `name = "contract"\n${GUEST}`],
      ["by uuid", VM_UUID.toUpperCase(), `name='contract'\nuuid="${VM_UUID}"\n${GUEST}`],
      [
        "by file, with a list over lines",
        "/etc/xen/contract.cfg",
        `${GUEST}name="contract" # ;\npci = [\n  # none yet\n]`,
      ],
    ];
    for (const [how, vm, text] of files) {
      test(`edits the configuration of a VM found ${how}, and gives it back`, async () => {
        await withVm("/etc/xen/contract.cfg", text, async () => {
          const attachment = await new Deployment(host).create("VmPciAttachment", {
            device: NIC,
            vm,
            permissive: true,
          });
          expect(await output(host, "cat /etc/xen/contract.cfg")).toContain("'0000:01:00.0,permissive=1'");
          expect(attachment.outs).toMatchObject({ configured: true, active: false, pending: "none" });
          await new Deployment(host).delete(attachment);
        });
      });
    }

    test("finds a configuration outside /etc/xen again, by the path in the state", async () => {
      const vm = "/root/elsewhere.cfg";
      await withVm(vm, `name = "elsewhere"\nuuid="${VM_UUID}"\n${GUEST}`, async () => {
        const attachment = await new Deployment(host).create("VmPciAttachment", { device: NIC, vm });
        expect((await new Deployment(host).read(attachment))?.outs).toMatchObject({ configured: true });
        expect(await new Deployment(host).update(attachment, { device: NIC, vm })).toBeUndefined();
        await new Deployment(host).delete(attachment);
      });
    });

    test("keeps the attachment of a VM that got a uuid since", async () => {
      const path = "/etc/xen/contract.cfg";
      const given = { device: NIC, vm: "contract" };
      await withVm(path, `name = "contract"\n${GUEST}`, async () => {
        const attachment = await new Deployment(host).create("VmPciAttachment", given);
        const withUuid = `sed -i '1i uuid="${VM_UUID}"' ${path}`;
        await output(host, withUuid);
        expect(await new Deployment(host).update(attachment, given)).toBeUndefined();
        await new Deployment(host).delete(attachment);
        await output(host, `sed -i 1d ${path}`);
      });
    });

    test("refuses a VM that is not there, and two of one name", async () => {
      const missing = await new Deployment(host).check("VmPciAttachment", { device: NIC, vm: "no'such $(vm)" });
      expect(missing.failures[0]?.reason).toContain(`the host has no VM "no'such $(vm)"`);
      await withVm("/etc/xen/one.cfg", `name = "twin"\n${GUEST}`, () =>
        withVm("/etc/xen/two.cfg", `name = "twin"\n${GUEST}`, async () => {
          const two = await new Deployment(host).check("VmPciAttachment", { device: NIC, vm: "twin" });
          expect(two.failures[0]?.reason).toContain("/etc/xen/one.cfg, /etc/xen/two.cfg");
        }),
      );
    });

    test("refuses a configuration that xl cannot read", async () => {
      await withVm("/etc/xen/broken.cfg", `name = "broken"\npci = [ '01:00.0'\n`, async () => {
        const { failures } = await new Deployment(host).check("VmPciAttachment", { device: NIC, vm: "broken" });
        expect(failures[0]?.reason).toContain("/etc/xen/broken.cfg is not a valid VM configuration");
      });
    });

    test("hot-plugs into a running VM that was made for it, and out again", async () => {
      await withVm("/etc/xen/contract.cfg", `name = "contract"\npassthrough = "enabled"\n${GUEST}`, async () => {
        const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
        await output(host, "xl create /etc/xen/contract.cfg");
        const attachment = await new Deployment(host).create("VmPciAttachment", { device: NIC, vm: "contract" });
        expect(attachment.outs).toMatchObject({ configured: true, active: true, pending: "none" });
        expect(await output(host, "xl pci-list contract || xl pci-list contract")).toContain(NIC);

        await expect(new Deployment(host).delete(nic)).rejects.toThrow(
          /the VM "contract" \(domain \d+\) has 0000:01:00\.0/,
        );

        await new Deployment(host).delete(attachment);
        expect(await output(host, "xenstore-ls -f /local/domain/0/backend/pci || true")).not.toContain(NIC);
        await output(host, "xl destroy contract");
        await new Deployment(host).delete(nic);
      });
    });

    test("waits for the restart of a running VM that can have no device now", async () => {
      await withVm("/etc/xen/contract.cfg", `name = "contract"\n${GUEST}`, async () => {
        const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
        await output(host, "xl create /etc/xen/contract.cfg");
        const attachment = await new Deployment(host).create("VmPciAttachment", { device: NIC, vm: "contract" });
        expect(attachment.outs).toMatchObject({ configured: true, active: false, pending: "vm-restart" });
        await output(host, "xl destroy contract");
        await new Deployment(host).delete(attachment);
        await new Deployment(host).delete(nic);
      });
    });

    test('starts a VM ready for hot-plug when only the running VM shall have the device ("live")', async () => {
      await withVm("/etc/xen/contract.cfg", `name = "contract"\npassthrough = "enabled"\n${GUEST}`, async () => {
        const nic = await new Deployment(host).create("AssignableDevice", { device: NIC });
        await output(host, "xl create /etc/xen/contract.cfg");
        const live = { device: NIC, vm: "contract", scope: "live" };
        const attachment = await new Deployment(host).create("VmPciAttachment", live);
        expect(attachment.outs).toMatchObject({ configured: false, active: true });
        await new Deployment(host).delete(attachment);
        await output(host, "xl destroy contract");
        await new Deployment(host).delete(nic);
      });
    });
  });
}
