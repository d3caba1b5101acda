import { initramfsMakerOf } from "../../facts/boot";
import { bootTrialOf } from "../../facts/boot-trial";
import type { HostFacts } from "../../facts/host-facts";
import { printable } from "../../printable";
import { bootLoaderOf } from "../boot-loader";
import { bootReturnOf } from "../boot-return";
import { waitingChanges } from "../hide/boot-changes";
import { TAKE_BACK, WENT_BACK } from "../hide/boot-trial";
import type { HostInput } from "../inputs/host-input";
import { iommuNeed } from "../kinds/iommu-boot-parameters";
import { stubDriverOf } from "../stub-driver";
import { toolstackOf } from "../toolstack";
import { runningVms } from "../toolstacks/host-vms";
import { checkClaims } from "./claim-checks";
import { type HostCheck, wentWrong } from "./host-check";

/** Everything that must be right on a host that was reached, in the order in which to put it right. */
export function hostChecks(facts: HostFacts, host: HostInput): readonly HostCheck[] {
  return [
    checkMachine(facts),
    checkCommands(facts),
    checkToolstack(facts, host.toolstack),
    checkVms(facts),
    checkIommu(facts),
    checkGroups(facts),
    checkStubDriver(facts),
    checkBootLoader(facts),
    checkInitramfs(facts),
    checkBootTrial(facts, host.address),
    ...checkClaims(facts, host),
    ...facts.unfinishedRuns.map(
      ({ path }): HostCheck => ({
        check: "earlier runs",
        verdict: "waits",
        found: `a run was cut off before it ended (${path})`,
        remedy: 'the next "pulumi up" of any stack on this host finishes it',
      }),
    ),
    ...waitingChanges(facts, undefined).map(
      ({ what }): HostCheck => ({ check: "reboot", verdict: "waits", found: what, remedy: "reboot the host" }),
    ),
  ].map(({ remedy, ...check }) => ({
    ...check,
    found: printable(check.found),
    ...(remedy === undefined ? {} : { remedy: printable(remedy) }),
  }));
}

function checkMachine({ machine }: HostFacts): HostCheck {
  const check = "machine";
  if (machine.isDomU)
    return {
      check,
      verdict: "wrong",
      found: "it is itself a VM on Xen (a domU), which has no devices to give to VMs",
      remedy: "name the Xen host that it runs on",
    };
  if (machine.id === undefined)
    return {
      check,
      verdict: "wrong",
      found: "it has no /etc/machine-id, which identifies the host in the state",
      remedy: "create one: systemd-machine-id-setup, or dbus-uuidgen --ensure",
    };
  return { check, verdict: "ok", found: `${machine.id}, Linux ${machine.kernelRelease}` };
}

function checkCommands({ machine: { missingCommands } }: HostFacts): HostCheck {
  const check = "commands";
  return missingCommands.length === 0
    ? { check, verdict: "ok", found: "everything that a change needs" }
    : { check, verdict: "wrong", found: `it lacks ${missingCommands.join(", ")}`, remedy: "install them" };
}

function checkToolstack(facts: HostFacts, asked: HostInput["toolstack"]): HostCheck {
  const check = "toolstack";
  const found = toolstackOf(facts, asked);
  return found.kind === "none"
    ? wentWrong(check, found.reason)
    : { check, verdict: "ok", found: found.why ?? found.toolstack };
}

function checkVms(facts: HostFacts): HostCheck {
  const check = "VMs";
  const running = runningVms(facts);
  const unknown = [
    ...(running.kind === "some" ? running.reasons : []),
    ...(facts.files.whyNoVmConfigs === undefined ? [] : [facts.files.whyNoVmConfigs]),
  ];
  if (unknown.length > 0) return wentWrong(check, `it is not known what VMs have: ${[...new Set(unknown)].join("; ")}`);
  const names = running.names.length === 0 ? "none is running" : `running: ${running.names.join(", ")}`;
  return { check, verdict: "ok", found: names };
}

function checkIommu(facts: HostFacts): HostCheck {
  const check = "IOMMU";
  const need = iommuNeed(facts);
  switch (need.kind) {
    case "nothing":
      return { check, verdict: "ok", found: `on${facts.iommu.offered ? ` (${facts.iommu.offered})` : ""}` };
    case "advice":
      return wentWrong(check, need.say);
    case "argument":
      return {
        check,
        verdict: "wrong",
        found: `the firmware offers one (${facts.iommu.offered}), and ${facts.xen ? "Xen" : "the kernel"} does not use it`,
        remedy: `declare an IommuBootParameters, which adds ${need.argument.text}`,
      };
  }
}

function checkGroups({ pciDevices }: HostFacts): HostCheck {
  const groups = new Set([...pciDevices.values()].flatMap(({ iommuGroup }) => iommuGroup ?? []));
  const check = "IOMMU groups";
  return groups.size > 0
    ? { check, verdict: "ok", found: `${groups.size}, for ${pciDevices.size} functions` }
    : { check, verdict: "ok", found: "not shown by this host", remedy: "keep the functions of a slot together" };
}

function checkStubDriver(facts: HostFacts): HostCheck {
  const check = "stub driver";
  const stub = stubDriverOf(facts, { driver: undefined });
  const form = facts.xen ? facts.pciback.kind : facts.stubDrivers.forms.get(stub);
  return form === undefined
    ? {
        check,
        verdict: "wrong",
        found: `the kernel ${facts.machine.kernelRelease} has no ${stub}`,
        remedy: "boot a kernel that has it",
      }
    : { check, verdict: "ok", found: `${stub}, ${form === "module" ? "a module" : "built into the kernel"}` };
}

function checkBootLoader(facts: HostFacts): HostCheck {
  const check = "boot loader";
  const loader = bootLoaderOf(facts);
  return loader.kind === "unknown"
    ? wentWrong(check, loader.reason)
    : { check, verdict: "ok", found: `${loader.kind}, ${facts.boot.firmware.toUpperCase()}` };
}

function checkInitramfs({ boot, xenCmdline }: HostFacts): HostCheck {
  const check = "initramfs";
  const maker = initramfsMakerOf(boot);
  if (maker) return { check, verdict: "ok", found: maker };
  return xenCmdline
    ? { check, verdict: "ok", found: "not needed: xen-cmdline hides devices" }
    : {
        check,
        verdict: "ok",
        found: "built by none of initramfs-tools, dracut and mkinitfs: no script can be added to it",
      };
}

function checkBootTrial(facts: HostFacts, address: string): HostCheck {
  const check = "trial boot";
  switch (bootTrialOf(facts)) {
    case "armed":
      return { check, verdict: "waits", found: "the next boot is on trial", remedy: "reboot the host" };
    case "unconfirmed":
      return {
        check,
        verdict: "waits",
        found: "this boot is on trial, and the host goes back to the old one unless it is confirmed",
        remedy: `npx pulumi-pci-passthrough confirm ${address}, or "pulumi up"`,
      };
    case "went-back":
      return { check, verdict: "wrong", found: WENT_BACK, remedy: TAKE_BACK };
    case "none": {
      const able = bootReturnOf(facts);
      if (able.kind === "grub")
        return { check, verdict: "ok", found: "a boot that fails goes back to the old one by itself" };
      return {
        check,
        verdict: "ok",
        found: `not possible (${able.reason})`,
        remedy: "have a console at hand when the host reboots",
      };
    }
  }
}
