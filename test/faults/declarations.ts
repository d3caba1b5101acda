import type { ResourceKind } from "../../provider/claims/claim-key";
import type { Profile } from "../../simulator/machine";

/** A resource that a program declares on a simulated host. */
export interface Declaration {
  readonly profile: string;
  /** Its kind; a word after a colon tells apart several of one kind: `VmPciAttachment:live`. */
  readonly name: string;
  readonly kind: ResourceKind;
  readonly given: Readonly<Record<string, unknown>>;
  /** What the program declares later: another number of virtual functions. */
  readonly later?: Readonly<Record<string, unknown>>;
  /** In what its host differs from the profile. */
  readonly host?: (profile: Profile) => Profile;
  /** What an administrator did before. */
  readonly prepare?: string;
  /** Why nobody can confirm it, so that the host takes it back: no new connection gets there, or none is new. */
  readonly unreached?: "no-answer" | "multiplexed";
  /** Whether it takes effect at the next boot of the host. */
  readonly atBoot?: boolean;
}

type Draft = Omit<Declaration, "profile" | "name" | "kind" | "atBoot"> & { readonly variant?: string };

const ofKind =
  (kind: ResourceKind, atBoot = false) =>
  (given: Draft["given"], more: Partial<Draft> = {}) =>
  (profile: string): Declaration => {
    const { variant, ...rest } = more;
    return { profile, name: variant === undefined ? kind : `${kind}:${variant}`, kind, given, ...rest, atBoot };
  };

const hidden = ofKind("HiddenPciDevice", true);
const assignable = ofKind("AssignableDevice");
const attachment = ofKind("VmPciAttachment");
const functions = ofKind("SriovVirtualFunctions");
const iommu = ofKind("IommuBootParameters", true);
const reboot = ofKind("HostReboot")(
  { when: "always", triggers: ["a"], timeoutSeconds: 30 },
  { later: { when: "always", triggers: ["b"], timeoutSeconds: 30 } },
);
const nvmeFunctions = functions({ device: "03:00.0", count: 2 }, { later: { device: "03:00.0", count: 3 } });

/** The firmware offers an IOMMU, and Xen says that it does not use it. */
const xenWithoutIommu = (profile: Profile): Profile => ({
  ...profile,
  name: `${profile.name} without IOMMU`,
  ...(profile.xen && { xen: { ...profile.xen, iommu: false } }),
  sysfs: { ...profile.sysfs, "/sys/firmware/acpi/tables/DMAR": "" },
});
const xenIommu = iommu({}, { host: xenWithoutIommu });

const UNREACHED = { variant: "unreached", unreached: "no-answer" } as const;
const MULTIPLEXED = { variant: "multiplexed", unreached: "multiplexed" } as const;
const WITHOUT_SETSID = { ...UNREACHED, prepare: 'rm "$(command -v setsid)"' };
const VIRSH = "virsh -c qemu:///system";
/** The argument that the host's administrator wrote, taken out, and a kernel that leaves the IOMMU alone without it. */
const WITHOUT_IOMMU =
  "sed -i '/DEFAULT_ON/d' /boot/config-* && sed -i 's/ intel_iommu=on//' /etc/default/grub.d/lab.cfg && update-grub";

const ON: Readonly<Record<string, readonly ((profile: string) => Declaration)[]>> = {
  "debian-xl": [
    hidden({ device: "01:00.0" }),
    hidden({ device: "01:00.0", mechanism: "pciback-conf" }, { variant: "script" }),
    assignable({ device: "01:00" }),
    assignable({ device: "01:00" }, UNREACHED),
    attachment({ device: "01:00.0", vm: "db1" }, { later: { device: "01:00.0", vm: "db1", permissive: true } }),
    attachment(
      { device: "01:00.0", vm: "web1" },
      {
        variant: "live",
        prepare: `echo 'passthrough = "enabled"' >> /etc/xen/web1.cfg; modprobe xen-pciback; xl pci-assignable-add 01:00.0; xl create /etc/xen/web1.cfg`,
      },
    ),
    nvmeFunctions,
    xenIommu,
    reboot,
  ],
  "debian-xl-own-kernel": [
    hidden({ device: "01:00.0" }),
    assignable({ device: "01:00.0" }),
    attachment({ device: "01:00.0", vm: "router" }),
    nvmeFunctions,
    reboot,
  ],
  "debian-kvm": [
    hidden({ device: "03:00.0" }),
    hidden({ device: "03:00.0", mechanism: "kernel-ids" }, { variant: "ids" }),
    assignable({ device: "03:00.0" }),
    assignable({ device: "03:00.0" }, UNREACHED),
    attachment({ device: "03:00.0", vm: "web" }),
    attachment({ device: "03:00.0", vm: "web" }, { variant: "live", prepare: `${VIRSH} start web` }),
    nvmeFunctions,
    iommu({}, { prepare: WITHOUT_IOMMU }),
    reboot,
  ],
  "rhel-kvm": [
    hidden({ device: "00:1a.7", mechanism: "kernel-ids" }),
    assignable({ device: "00:1a.7" }),
    attachment({ device: "00:1a.7", vm: "win2k3" }),
    iommu({}, { prepare: "sed -i 's/ intel_iommu=on//' /boot/grub/grub.conf" }),
    reboot,
  ],
  "xenserver-7": [
    hidden({ device: "04:00.0" }),
    assignable({ device: "04:00.0" }),
    attachment({ device: "04:00.0", vm: "media" }),
    xenIommu,
    reboot,
  ],
  "xcpng-8.3": [
    hidden({ device: "03:00.0" }),
    assignable({ device: "03:00.0" }),
    attachment({ device: "03:00.0", vm: "gpu1" }),
    xenIommu,
    reboot,
  ],
  "pciback-conf": [
    hidden({ device: "01:00.0" }),
    assignable({ device: "01:00.0" }),
    attachment({ device: "01:00.0", vm: "/etc/xen/test.cfg" }),
    attachment(
      { device: "01:00.0", vm: "test" },
      {
        variant: "live",
        prepare: `modprobe xen-pciback; for file in e1000e/unbind pciback/new_slot pciback/bind; do
  echo 0000:01:00.0 > /sys/bus/pci/drivers/$file
done; xm create /etc/xen/test.cfg`,
      },
    ),
    nvmeFunctions,
    reboot,
  ],
  "rhel5-xen": [
    hidden({ device: "09:00.0" }),
    assignable({ device: "09:00.0" }),
    assignable({ device: "09:00.0" }, MULTIPLEXED),
    attachment({ device: "09:00.0", vm: "NGTest", quirks: ["000000e0:2:00000000"] }),
    reboot,
  ],
  "xl-4.2": [
    hidden({ device: "01:00.0" }),
    assignable({ device: "01:00.0" }),
    assignable({ device: "01:00.0" }, WITHOUT_SETSID),
    attachment({ device: "01:00.0", vm: "guest", permissive: true }),
    attachment(
      { device: "01:00.0", vm: "guest" },
      {
        variant: "live",
        prepare: "modprobe xen-pciback; xl pci-assignable-add 01:00.0; xl create /etc/xen/guest.cfg",
      },
    ),
    nvmeFunctions,
    xenIommu,
    reboot,
  ],
};

/**
 * What is declared on which host: each kind on each profile that can have it. Virtual functions need a device with SR-IOV
 * and Linux 3.8 or later; IommuBootParameters an IOMMU that the firmware offers and that is not on, and xl or Linux to say
 * so: the RHEL 5 of `rhel5-xen` and the host of `pciback-conf` have only xm.
 */
export const DECLARATIONS: readonly Declaration[] = Object.entries(ON).flatMap(([profile, drafts]) =>
  drafts.map((draft) => draft(profile)),
);
