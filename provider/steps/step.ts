import type { Claim } from "../facts/claims";
import type { LibvirtUri } from "../facts/libvirt";
import type { BootInit } from "../facts/pciback-conf";
import type { Removal } from "../facts/removals";
import type { PciAddress } from "../pci/address";
import type { StubDriver } from "../pci/stub-driver";
import type { AttachOptions } from "../vm-text/attach-options";
import type { Hostdev } from "../vm-text/domain-xml";

/** A running virtual machine, as far as a step needs to name it. */
export interface RunningVm {
  readonly domainId: number;
  readonly name: string;
}

/**
 * One change to a host. A step carries what it assumes of the host (`from`, `before`): the apply checks that again
 * under its lock, and does nothing at all when it does not hold any more.
 */
export type Step =
  | { readonly kind: "load-pciback" }
  | {
      readonly kind: "make-assignable";
      readonly address: PciAddress;
      readonly from: string | undefined;
      readonly stub: StubDriver;
      readonly by: AssignedBy;
    }
  | {
      readonly kind: "release";
      readonly address: PciAddress;
      readonly stub: StubDriver;
      readonly to: string | undefined;
      readonly by: AssignedBy;
    }
  | FileEdit
  | Dom0ArgumentEdit
  | XenArgumentEdit
  | VmPciEdit
  | Regeneration
  /** Whether the boot starts our script. */
  | { readonly kind: "boot-script"; readonly name: string; readonly init: BootInit; readonly started: boolean }
  | {
      readonly kind: "attach";
      readonly by: AttachedBy;
      readonly vm: RunningVm;
      readonly address: PciAddress;
      readonly options: AttachOptions;
    }
  | { readonly kind: "detach"; readonly by: AttachedBy; readonly vm: RunningVm; readonly address: PciAddress }
  | VirshChange
  | { readonly kind: "set-selinux-boolean"; readonly name: string; readonly to: boolean }
  | { readonly kind: "write-claim"; readonly key: string; readonly before: Claim | undefined; readonly claim: Claim }
  | { readonly kind: "drop-claim"; readonly key: string; readonly before: Claim }
  | { readonly kind: "note-removal"; readonly removal: Removal }
  | {
      readonly kind: "set-virtual-functions";
      readonly address: PciAddress;
      /** What there is now, with the drivers that let go of it. */
      readonly from: { readonly count: number; readonly functions: readonly HeldFunction[] };
      readonly to: number;
    }
  | Reboot;

export interface HeldFunction {
  readonly address: PciAddress;
  readonly driver: string | undefined;
}

/** No part of an apply script: the connection that would bring its result goes down with the host. */
export interface Reboot {
  readonly kind: "reboot";
  /** The boot that ends. */
  readonly bootId: string;
  readonly by: RebootedBy;
  /** How long the host may take to be back. */
  readonly timeoutSeconds: number;
}

/** What takes a host down in order: its init, or XenServer's toolstack. */
export type RebootedBy = "init" | "xapi";

/** What gives a function to a running VM and takes it away again. */
export type AttachedBy = "xl" | "xm";

/** What moves a function to its stub driver and back: a toolstack, sysfs as any driver has it, or the files of pciback. */
export type AssignedBy = "xl" | "virsh" | "sysfs" | "pciback";

/** A VM of libvirt gets or loses one function: in its lasting configuration, or in the running VM. */
export interface VirshChange {
  readonly kind: "virsh-attach" | "virsh-detach";
  readonly uri: LibvirtUri;
  readonly vm: { readonly uuid: string; readonly name: string };
  readonly hostdev: Hostdev;
  readonly to: "config" | "live";
  /** The root ports, highest index first, that libvirt makes in the configuration with an attach, and that go with a detach. */
  readonly madePorts?: readonly number[];
  /** Whether virsh has --config and --live; an older one edits the configuration as `virsh edit` does. */
  readonly separateScopes: boolean;
}

/** What is made from the boot's source files; an apply makes each once for all that wait for it. */
export type Regeneration =
  | {
      readonly kind: "regenerate";
      readonly what: "initramfs";
      /** Modules: where an initramfs has none of these and no file of ours, it stays as it is. Undefined: it is made in any case. */
      readonly ifItHas?: readonly string[];
    }
  | {
      readonly kind: "regenerate";
      readonly what: "grub-config";
      /** The grub.cfg that the host boots from. */
      readonly path: string;
    };
export type Regenerated = Regeneration["what"];

/** The whole new text of a file; undefined text means that there is no such file. */
export interface FileEdit {
  readonly kind: "edit-file";
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Functions that the host loses at its next boot by this edit. */
  readonly hides: readonly PciAddress[];
  /** Whether this is our first edit of the file, the one that removes our last entry, or one between. */
  readonly original: "keep" | "forget" | "leave";
  /** A new file is one that can be run. */
  readonly executable?: boolean;
}

/** The one argument of a name on dom0's kernel line, by XenServer's `xen-cmdline`; an undefined value means that there is none. */
export interface Dom0ArgumentEdit {
  readonly kind: "set-dom0-argument";
  /** The grub.cfg that xen-cmdline edits. */
  readonly path: string;
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly hides: readonly PciAddress[];
  readonly original: FileEdit["original"];
}

/** One argument of a name on the hypervisor's line, by XenServer's `xen-cmdline`: the whole word; undefined means that there is none. */
export interface XenArgumentEdit {
  readonly kind: "set-xen-argument";
  /** The grub.cfg that xen-cmdline edits. */
  readonly path: string;
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The value of `other-config:pci` of a VM of XAPI; undefined means that there is no such key. */
export interface VmPciEdit {
  readonly kind: "set-vm-pci";
  readonly vm: { readonly uuid: string; readonly name: string };
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Functions that XAPI takes from their drivers when the VM starts. */
  readonly gives: readonly PciAddress[];
}
