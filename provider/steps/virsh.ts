import { RUN_FOLDER } from "../claims/folders";
import type { HostFacts } from "../facts/host-facts";
import type { LibvirtUri } from "../facts/libvirt";
import type { PciAddress } from "../pci/address";
import { quote } from "../shell";
import { formatHostdev, formatSourceAddress, type Hostdev, type PciHostdev } from "../vm-text/domain-hostdev";
import type { DomainXml } from "../vm-text/domain-xml";
import type { StepType } from "./step-type";

/** A VM of libvirt gets or loses one function: in its persistent configuration, or in the running VM. */
export interface VirshChange {
  readonly kind: "virsh-attach" | "virsh-detach";
  readonly uri: LibvirtUri;
  readonly vm: { readonly uuid: string; readonly name: string };
  readonly hostdev: Hostdev;
  readonly to: "config" | "live";
  /**
   * Indices of the root ports, highest first, that libvirt adds to the configuration with an attach, or that a detach
   * removes.
   */
  readonly madePorts?: readonly number[];
  /** Whether virsh has --config and --live; with an older one, the configuration is redefined as `virsh edit` does. */
  readonly separateScopes: boolean;
}
/** A VM gets a function. */
export type VirshAttach = VirshChange & { readonly kind: "virsh-attach" };
/** A VM loses a function. */
export type VirshDetach = VirshChange & { readonly kind: "virsh-detach" };

const VIRSH_XML = `${RUN_FOLDER}/virsh.xml`;
/** The files that virsh is given; with the whole XML of a VM, passwords too, in those that a killed script leaves. */
export const VIRSH_FILES = [VIRSH_XML, `${VIRSH_XML}.new`];

const functions = `
# URI, VM, the source address of a function as libvirt writes it, "config" or "live". 1: it does not have it; 2: that is
# not known.
vm_has() {
  if [ "$4" = config ]; then set -- "$1" "$2" "$3" --inactive; else set -- "$1" "$2" "$3"; fi
  domain_xml=$(limited 60 virsh -c "$1" dumpxml "$2" $4) || return 2
  printf '%s\\n' "$domain_xml" | grep -qF "$3"
}
# As vm_has, and 0 when it should have it, 1 when it should not.
expect_vm_has() {
  vm_has "$1" "$2" "$3" "$4"
  case $? in
    "$5") return 0 ;;
    2) return 1 ;;
  esac
  echo "the VM $2 was changed by somebody else ($4: $3)"
  return 1
}
# "attach-device" or "detach-device", URI, VM, source address, "config" or "live", <hostdev>, flag.
change_device() {
  xml=${VIRSH_XML}
  printf '%s\\n' "$6" > "$xml" && limited 60 virsh -c "$2" "$1" "$3" "$xml" $7
  status=$?
  rm -f "$xml"
  [ "$status" -eq 0 ] || return "$status"
  [ "$1" = detach-device ] || return 0
  # The guest has to release it; success only means that it was asked to (seen with libvirt 9.0).
  for second in 1 2 3 4 5 6 7 8 9 10; do
    vm_has "$2" "$3" "$4" "$5"
    [ $? != 1 ] || return 0
    sleep 1
  done
  echo "the VM still has the device: its guest did not release it"
  return 1
}
# URI, VM, indices of root ports that libvirt made. One that stays does no harm.
drop_ports() {
  xml=${VIRSH_XML}
  for port in $3; do
    printf '%s\\n' "<controller type='pci' index='$port' model='pcie-root-port'/>" > "$xml" &&
      limited 60 virsh -c "$1" detach-device "$2" "$xml" --config
    rm -f "$xml"
  done
}
# As change_device, but redefines the VM as "virsh edit" does: for a virsh that cannot change only the configuration.
define_device() {
  xml=${VIRSH_XML}
  ( umask 077; limited 60 virsh -c "$2" dumpxml --inactive --security-info "$3" > "$xml" ) || { rm -f "$xml"; return 1; }
  if [ "$1" = attach-device ]; then
    HOSTDEV=$6 awk '/^  <\\/devices>/ { print ENVIRON["HOSTDEV"] } { print }' "$xml" > "$xml.new"
  else
    awk -v address="$4" '
      /^    <hostdev / { block = $0; inside = 1; next }
      inside && /^    <\\/hostdev>/ { if (!index(block, address)) print block "\\n" $0; inside = 0; next }
      inside { block = block "\\n" $0; next }
      { print }' "$xml" > "$xml.new"
  fi && limited 60 virsh -c "$2" define "$xml.new"
  status=$?
  rm -f "$xml" "$xml.new"
  return "$status"
}`;

/** Attaches a function with virsh; assumes that the VM does not have it. */
export const virshAttach: StepType<VirshAttach> = {
  // A managed device is unbound from its driver when the VM starts, or at once if it is running.
  takes: ({ hostdev, to }) =>
    hostdev.managed ? [{ address: hostdev.address, when: to === "live" ? "now" : "vm-start", to: undefined }] : [],
  moves: () => [],
  gives: ({ hostdev, vm, to }) => [{ address: hostdev.address, vm, scope: to }],
  changes: ["functions", "vms"],
  rewrites: () => [],
  after: withHostdev,
  assumes: (step) => [`expect_vm_has ${about(step)} 1`],
  perform: (step) => change("attach-device", step, step.hostdev),
  undo: (step) =>
    `vm_has ${about(step)}\n[ $? != 1 ] || return 0\n${change("detach-device", step, step.hostdev)}${dropPorts(step)}`,
  functions,
  describe: ({ hostdev, vm, to }) =>
    to === "live"
      ? `hot-plug ${hostdev.address} into the VM "${vm.name}"`
      : `add ${hostdev.address} to the configuration of the VM "${vm.name}"`,
};

/** Detaches a function with virsh; assumes that the VM has it. Fails when the guest does not release it in time. */
export const virshDetach: StepType<VirshDetach> = {
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["functions", "vms"],
  rewrites: () => [],
  after: withHostdev,
  assumes: (step) => [`expect_vm_has ${about(step)} 0`],
  perform: (step) => `${change("detach-device", step, restored(step))}${dropPorts(step)}`,
  undo: (step) => `vm_has ${about(step)} && return 0\n${change("attach-device", step, restored(step))}`,
  functions,
  describe: ({ hostdev, vm, to }) =>
    to === "live"
      ? `unplug ${hostdev.address} from the VM "${vm.name}"`
      : `remove ${hostdev.address} from the configuration of the VM "${vm.name}"`,
};

function about({ uri, vm, hostdev, to }: VirshChange): string {
  return [quote(uri), vm.uuid, quote(formatSourceAddress(hostdev.address)), to].join(" ");
}

function change(command: "attach-device" | "detach-device", step: VirshChange, hostdev: Hostdev): string {
  const xml = quote(formatHostdev(hostdev));
  return step.to === "config" && !step.separateScopes
    ? `define_device ${command} ${about(step)} ${xml}`
    : `change_device ${command} ${about(step)} ${xml}${step.separateScopes ? ` --${step.to}` : ""}`;
}

/** A function that is put back gets a root port of libvirt's choice. */
function restored({ hostdev, madePorts = [] }: VirshChange): Hostdev {
  return madePorts.length > 0 ? { ...hostdev, guestAddress: undefined } : hostdev;
}

function dropPorts({ uri, vm, madePorts = [] }: VirshChange): string {
  return madePorts.length > 0 ? ` || return\ndrop_ports ${quote(uri)} ${vm.uuid} ${quote(madePorts.join(" "))}` : "";
}

/**
 * The device's address in the guest and the driver of a managed device after a detach are known only when the host is
 * read again.
 */
function withHostdev(facts: HostFacts, { kind, vm, hostdev, to, madePorts }: VirshChange): HostFacts {
  const { libvirt } = facts;
  if (libvirt?.kind !== "answers") return facts;
  const { address, managed, options, driver, guestAddress } = hostdev;
  const added: PciHostdev = {
    address,
    element: "hostdev",
    managed,
    permissive: options.permissive ?? false,
    driver,
    guestAddress,
  };
  const changed = (xml: DomainXml): DomainXml => ({
    ...xml,
    guestAddresses: kind === "virsh-detach" ? withoutAddressOf(xml, address) : xml.guestAddresses,
    controllers: xml.controllers.filter(({ index }) => kind === "virsh-attach" || !madePorts?.includes(index)),
    hostdevs: [
      ...xml.hostdevs.filter((present) => present.address !== address),
      ...(kind === "virsh-attach" ? [added] : []),
    ],
  });
  const domains = libvirt.domains.map((domain) => {
    if (domain.uuid !== vm.uuid) return domain;
    return to === "config"
      ? { ...domain, config: changed(domain.config) }
      : { ...domain, live: domain.live && changed(domain.live) };
  });
  const changedFacts = { ...facts, libvirt: { ...libvirt, domains } };
  return kind === "virsh-detach" && to === "live" ? withoutOpener(changedFacts, vm.name, address) : changedFacts;
}

/** The root port or slot of a device that goes is free then. */
function withoutAddressOf({ hostdevs, guestAddresses }: DomainXml, address: PciAddress): DomainXml["guestAddresses"] {
  const own = hostdevs.find((present) => present.address === address)?.guestAddress;
  return guestAddresses.filter(
    ({ bus, slot, function: its }) => bus !== own?.bus || slot !== own.slot || its !== own.function,
  );
}

/** QEMU closes the file of an IOMMU group with its last function (qemu, hw/vfio/container.c, vfio_put_group). */
function withoutOpener(facts: HostFacts, vmName: string, address: PciAddress): HostFacts {
  const { processes, libvirt, pciDevices } = facts;
  const group = pciDevices.get(address)?.iommuGroup;
  const vm = libvirt?.kind === "answers" ? libvirt.domains.find(({ name }) => name === vmName) : undefined;
  const isLast = !vm?.live?.hostdevs.some((other) => pciDevices.get(other.address)?.iommuGroup === group);
  if (processes.kind === "unlisted" || group === undefined || !isLast) return facts;
  const left = processes.processes.map((process) =>
    process.vmName === vmName
      ? { ...process, opened: process.opened.filter(({ iommuGroup }) => iommuGroup !== group) }
      : process,
  );
  return { ...facts, processes: { kind: "listed", processes: left } };
}
