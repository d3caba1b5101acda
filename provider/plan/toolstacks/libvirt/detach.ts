import { entriesOf } from "../../../claims/claim-entry";
import { formatPciTarget, functionOf } from "../../../pci/address";
import type { PciHostdev } from "../../../vm-text/domain-hostdev";
import { loss, neither } from "../../effect";
import { join, NOTHING, type Part, part, refuse } from "../../part";
import type { Detachment } from "../../vm-planner";
import { inConfig, inRunning, type LibvirtVm } from "./find-vm";
import { hostdevAsIs } from "./hostdev";
import { whyNoHotPlug } from "./hot-plug";
import { forbidSysfs } from "./sysfs-boolean";
import { detachFromConfig, virshDetach } from "./virsh-change";

/** Drafts the removal of what was added to the running VM and to its configuration. */
export function draftDetach({ facts, wish, vm, key, entries, stays }: Detachment<LibvirtVm>): Part {
  const fromVm = vm ? detachFromVm({ facts, wish, vm, key, entries, stays }) : NOTHING;
  const sysfs = entriesOf(entries, "selinux-boolean").length > 0 ? forbidSysfs(facts, key) : NOTHING;
  return join(fromVm, sysfs);
}

function detachFromVm({ facts, wish, vm, entries, stays }: Detachment<LibvirtVm> & { readonly vm: LibvirtVm }): Part {
  const { libvirt } = facts;
  const configured = entriesOf(entries, "libvirt-config").map(({ address }) => address);
  const plugged = entriesOf(entries, "libvirt-live").map(({ address }) => address);
  const addresses = [...new Set([...configured, ...plugged])];
  const device = formatPciTarget(wish.target);
  if (addresses.length === 0)
    return part({ effects: [neither(`the VM "${vm.name}" had ${device} before this resource, and keeps it`)] });
  const running = addresses.flatMap((address) => inRunning(vm.domain, address) ?? []);
  const live = wish.scope === "config" ? [] : running.filter(({ address }) => !stays.has(address)).sort(lastFirst);
  const config = [...new Set(configured)].flatMap((address) => inConfig(vm.domain, address) ?? []).sort(lastFirst);
  const unable = live.length > 0 ? whyNoHotPlug(facts, vm) : undefined;
  if (unable !== undefined) return refuse(unable);
  return part({
    steps:
      libvirt?.kind === "answers"
        ? [
            ...live.map((hostdev) => virshDetach(libvirt, vm, "live", hostdevAsIs(hostdev))),
            ...detachFromConfig(libvirt, vm, entries, config),
          ]
        : [],
    effects: [
      ...[...live].reverse().map(({ address }) => loss(`${address} is unplugged from the running VM "${vm.name}"`)),
      ...[...config]
        .reverse()
        .map(({ address }) => loss(`${address} is removed from the configuration of the VM "${vm.name}"`)),
      ...(running.length > live.length
        ? [neither(`the running VM "${vm.name}" keeps ${device} until it is restarted`)]
        : []),
    ],
  });
}

function lastFirst(a: PciHostdev, b: PciHostdev): number {
  return functionOf(b.address) - functionOf(a.address);
}
