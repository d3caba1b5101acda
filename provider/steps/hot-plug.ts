import { type Domain, runningDomains } from "../facts/domains";
import type { HostFacts } from "../facts/host-facts";
import type { PciAddress } from "../pci/address";
import { quote } from "../shell";
import type { AttachOptions } from "../vm-text/attach-options";
import { formatSpecString } from "../vm-text/spec-string";
import type { StepType } from "./step-type";

/** The identity of a running VM: its Xen domain id, and its name for people. */
export interface RunningVm {
  readonly domainId: number;
  readonly name: string;
}

/** The command that plugs a function into a running VM and unplugs it. */
export type AttachedBy = "xl" | "xm";

/** A running VM gets a function. */
export interface Attach {
  readonly kind: "attach";
  readonly by: AttachedBy;
  readonly vm: RunningVm;
  readonly address: PciAddress;
  readonly options: AttachOptions;
}

/** A running VM loses a function. */
export interface Detach {
  readonly kind: "detach";
  readonly by: AttachedBy;
  readonly vm: RunningVm;
  readonly address: PciAddress;
}

const functions = `
# Domain id, options of xenstore-ls. Prints what xenstore has of the domain's devices; 2 when that is not known.
pci_backend() {
  domain=$1
  shift
  store=$(limited 20 xenstore-ls "$@" "/local/domain/0/backend/pci/$domain" 2>&1) && printf '%s\\n' "$store" && return
  case $store in
    *"No such file"*) return 0 ;;
  esac
  printf '%s\\n' "$store" >&2
  return 2
}
# Domain id, PCI function. 1: it does not have it; 2: that is not known. Reads xenstore, because xl itself aborts now and
# then (seen on Xen 4.17).
xl_domain_has() {
  backend=$(pci_backend "$1" -f) || return 2
  printf '%s\\n' "$backend" | grep -q "/dev-[0-9]* = \\"$2\\"$"
}
# Domain id, spec string, PCI function.
xl_attach() {
  xl_domain_has "$1" "$3" || limited 120 xl pci-attach "$1" "$2"
  xl_domain_has "$1" "$3"
  case $? in
    0) return ;;
    1) echo "domain $1 does not have $3" ;;
  esac
  return 1
}
# Domain id, PCI function. The guest needs a moment to release it. Right after an attach xl does nothing
# ("Backend is not ready", exit 0; seen on Xen 4.17), so it is called again.
xl_detach() {
  for try in 1 2 3; do
    limited 120 xl pci-detach "$1" "$2"
    for second in 1 2 3 4 5; do
      xl_domain_has "$1" "$2"
      [ $? != 1 ] || return 0
      sleep 1
    done
  done
  echo "domain $1 still has $2"
  return 1
}
# As xl_domain_has. Before Xen 4.0 xend writes the function with two digits (pciif.py: "%04x:%02x:%02x.%02x"), and
# xenstore-ls has no -f.
xm_domain_has() {
  backend=$(pci_backend "$1") || return 2
  printf '%s\\n' "$backend" | grep -q "dev-[0-9]* = \\"\${2%.*}\\\\.0*\${2##*.}\\""
}
# Domain id, PCI function, further arguments of xm pci-attach. Its exit code says nothing about the device.
xm_attach() {
  domain=$1
  device=$2
  shift 2
  xm_domain_has "$domain" "$device" || limited 120 xm pci-attach "$@" "$domain" "$device"
  asked=$?
  for second in 1 2 3 4 5; do
    xm_domain_has "$domain" "$device" && return
    sleep 1
  done
  echo "domain $domain does not have $device"
  [ "$asked" != 124 ] || return 124
  return 1
}
# Domain id, PCI function. The guest needs a moment to release it.
xm_detach() {
  xm_domain_has "$1" "$2"
  [ $? != 1 ] || return 0
  limited 120 xm pci-detach "$1" "$2"
  asked=$?
  for second in 1 2 3 4 5 6 7 8 9 10; do
    xm_domain_has "$1" "$2"
    [ $? != 1 ] || return 0
    sleep 1
  done
  echo "domain $1 still has $2"
  [ "$asked" != 124 ] || return 124
  return 1
}`;

/** Hot-plugs a function by xl or xm; performing and undoing check xenstore, not exit codes. */
export const attach: StepType<Attach> = {
  // The device is on pciback already, so the host does not lose it by this.
  takes: () => [],
  moves: () => [],
  gives: ({ address, vm }) => [{ address, vm: { name: vm.name, uuid: undefined }, scope: "live" }],
  changes: ["functions", "vms"],
  rewrites: () => [],
  after: (facts, { vm, address }) => withDevices(facts, vm, (devices) => [...devices, { address }]),
  assumes: () => [],
  perform: ({ by, vm, address, options }) => attachBy[by](vm, address, options),
  undo: ({ by, vm, address }) => `${by}_detach ${vm.domainId} ${address}`,
  functions,
  describe: ({ address, vm }) => `hot-plug ${address} into the VM "${vm.name}"`,
};

/** Unplugs a function by xl or xm; fails when the guest does not release it in time. */
export const detach: StepType<Detach> = {
  takes: () => [],
  moves: () => [],
  gives: () => [],
  changes: ["functions", "vms"],
  rewrites: () => [],
  after: (facts, { vm, address }) =>
    withDevices(facts, vm, (devices) => devices.filter((device) => device.address !== address)),
  assumes: () => [],
  perform: ({ by, vm, address }) => `${by}_detach ${vm.domainId} ${address}`,
  undo: ({ by, vm, address }) => attachBy[by](vm, address, {}),
  functions,
  describe: ({ address, vm }) => `unplug ${address} from the VM "${vm.name}"`,
};

const attachBy: Readonly<Record<AttachedBy, (vm: RunningVm, address: PciAddress, options: AttachOptions) => string>> = {
  xl: ({ domainId }, address, options) =>
    `xl_attach ${domainId} ${quote(formatSpecString({ device: { kind: "function", address }, options, unknown: [] }))} ${address}`,
  xm: ({ domainId }, address, options) => `xm_attach ${domainId} ${address}${xmOptions(options)}`,
};

/** Options of `xm pci-attach`, which precede the domain: `-o msitranslate=1`. It has none for the slot. */
function xmOptions({ msitranslate, powerManagement }: AttachOptions): string {
  const words = [
    ...(msitranslate === undefined ? [] : [`msitranslate=${Number(msitranslate)}`]),
    ...(powerManagement === undefined ? [] : [`power_mgmt=${Number(powerManagement)}`]),
  ];
  return words.map((word) => ` -o ${word}`).join("");
}

type Devices = Domain["pciDevices"];

function withDevices(facts: HostFacts, { domainId }: RunningVm, change: (devices: Devices) => Devices): HostFacts {
  const domains = runningDomains(facts).map((domain) =>
    domain.id === domainId ? { ...domain, pciDevices: change(domain.pciDevices) } : domain,
  );
  return facts.domains.kind === "unlisted" ? facts : { ...facts, domains: { kind: "listed", domains } };
}
