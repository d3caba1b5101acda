import { withFile } from "../facts/files";
import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import type { DomainXml } from "../vm-text/domain-xml";
import type { Dom0ArgumentEdit, Step, VirshChange, VmPciEdit, XenArgumentEdit } from "./step";

/** The facts as they are after these steps: what the next plan of the same apply starts from. */
export function simulate(facts: HostFacts, steps: readonly Step[]): HostFacts {
  return steps.reduce(after, facts);
}

function after(facts: HostFacts, step: Step): HostFacts {
  switch (step.kind) {
    case "load-pciback":
      return { ...facts, pciback: { ...facts.pciback, registered: true } };
    case "make-assignable":
      return withDriver(facts, step.address, step.stub);
    case "release":
      return withDriver(facts, step.address, step.to);
    case "edit-file":
      return { ...facts, files: withFile(facts.files, step.path, step.after) };
    case "boot-script": {
      const name = step.init === "systemd" ? `${step.name}.service` : step.name;
      const others = facts.pcibackConf.started.filter((one) => one !== name);
      return { ...facts, pcibackConf: { ...facts.pcibackConf, started: step.started ? [...others, name] : others } };
    }
    case "set-dom0-argument":
      return withDom0Argument(facts, step);
    case "set-xen-argument":
      return withXenArgument(facts, step);
    case "set-vm-pci":
      return withVmPci(facts, step);
    case "regenerate":
      return facts;
    case "attach":
      return withDomainDevices(facts, step.vm.domainId, (devices) => [...devices, { address: step.address }]);
    case "detach":
      return withDomainDevices(facts, step.vm.domainId, (devices) =>
        devices.filter((one) => one.address !== step.address),
      );
    case "virsh-attach":
    case "virsh-detach":
      return withHostdev(facts, step);
    case "set-selinux-boolean":
      return facts.selinux ? { ...facts, selinux: { ...facts.selinux, virtUseSysfs: step.to } } : facts;
    case "write-claim":
      return {
        ...facts,
        claims: [...facts.claims.filter((one) => one.key !== step.key), { key: step.key, claim: step.claim }],
      };
    case "drop-claim":
      return { ...facts, claims: facts.claims.filter((one) => one.key !== step.key) };
    case "note-removal":
      return { ...facts, removals: [...facts.removals, step.removal] };
    case "set-virtual-functions":
      return withVirtualFunctions(facts, step.address, step.to);
    case "reboot":
      return { ...facts, machine: { ...facts.machine, bootId: `after ${step.bootId}` } };
  }
}

function withDriver(facts: HostFacts, address: PciAddress, driver: string | undefined): HostFacts {
  const device = facts.pciDevices.get(address);
  return device ? { ...facts, pciDevices: new Map(facts.pciDevices).set(address, { ...device, driver }) } : facts;
}

/** The new functions themselves are known only once they are there. */
function withVirtualFunctions(facts: HostFacts, address: PciAddress, count: number): HostFacts {
  const before = facts.virtualFunctions.physicalFunctions.get(address);
  if (!before) return facts;
  const pciDevices = new Map([...facts.pciDevices].filter(([, device]) => device.physicalFunction !== address));
  const physicalFunctions = new Map(facts.virtualFunctions.physicalFunctions).set(address, {
    ...before,
    count,
    functions: [],
  });
  return { ...facts, pciDevices, virtualFunctions: { ...facts.virtualFunctions, physicalFunctions } };
}

function withDomainDevices(
  facts: HostFacts,
  domainId: number,
  change: (devices: HostFacts["domains"][number]["pciDevices"]) => HostFacts["domains"][number]["pciDevices"],
): HostFacts {
  return {
    ...facts,
    domains: facts.domains.map((one) => (one.id === domainId ? { ...one, pciDevices: change(one.pciDevices) } : one)),
  };
}

/** Where libvirt puts the device in the guest, and which driver gets back a managed one, shows when the host is read again. */
function withHostdev(facts: HostFacts, step: VirshChange): HostFacts {
  const { libvirt } = facts;
  if (libvirt?.kind !== "answers") return facts;
  const { address, managed, options } = step.hostdev;
  const added = {
    address,
    managed,
    permissive: options.permissive ?? false,
    guestAddress: step.hostdev.guestAddress,
  } as const;
  const change = (xml: DomainXml): DomainXml => ({
    ...xml,
    controllers: xml.controllers.filter((one) => step.kind === "virsh-attach" || !step.madePorts?.includes(one.index)),
    hostdevs: [
      ...xml.hostdevs.filter((one) => one.address !== address),
      ...(step.kind === "virsh-attach" ? [added] : []),
    ],
  });
  const domains = libvirt.domains.map((one) => {
    if (one.uuid !== step.vm.uuid) return one;
    return step.to === "config"
      ? { ...one, config: change(one.config) }
      : { ...one, live: one.live && change(one.live) };
  });
  return { ...facts, libvirt: { ...libvirt, domains } };
}

function withDom0Argument(facts: HostFacts, { name, after }: Dom0ArgumentEdit): HostFacts {
  if (!facts.xenCmdline) return facts;
  const all = after === undefined ? [] : [`${name}=${after}`];
  return { ...facts, xenCmdline: { ...facts.xenCmdline, hide: { kind: "arguments", arguments: all } } };
}

function withXenArgument(facts: HostFacts, { before, after }: XenArgumentEdit): HostFacts {
  const file = facts.xenCmdline?.file;
  if (!facts.xenCmdline || !file) return facts;
  const text = before
    ? file.text.replaceAll(` ${before}`, "")
    : file.text.replaceAll(/^(\s*multiboot2?\s.*)$/gm, `$1 ${after}`);
  return { ...facts, xenCmdline: { ...facts.xenCmdline, file: { ...file, text } } };
}

function withVmPci(facts: HostFacts, { vm, after }: VmPciEdit): HostFacts {
  if (facts.xapi?.answer.kind !== "pool") return facts;
  const vms = facts.xapi.answer.vms.map((one) => (one.uuid === vm.uuid ? { ...one, pci: after } : one));
  return { ...facts, xapi: { ...facts.xapi, answer: { ...facts.xapi.answer, vms } } };
}
