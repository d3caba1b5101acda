import { type Xen, xenIsAtLeast } from "../../../facts/xen";
import type { AttachOptions } from "../../../vm-text/attach-options";
import { XL_SINCE } from "../../../vm-text/spec-string";
import { XL_LANGUAGE } from "../../../vm-text/xl-config-language";
import { NOTHING } from "../../part";
import type { VmPlanner } from "../../vm-planner";
import type { FileToolstack } from "./file-toolstack";
import { fileVms } from "./file-vms";

/** xl of every age, 4.2 to today: what each one knows. */
const XL: FileToolstack = {
  name: "xl",
  language: XL_LANGUAGE,
  refuseOptions: ({ xen }, options) => (xen ? firstUnknownOption(xen, options) : undefined),
  fileOptions: (options) => options,
  editsBeside: () => NOTHING,
  // From 4.13 on xl sets up the IOMMU for VMs that have devices at their start, and for no other (libxl_create.c).
  needsPassthrough: ({ xen }) => xen !== undefined && xenIsAtLeast(xen, 4, 13),
  cannotHotPlug({ xen }, domain, type) {
    if (!xen || domain.pciDevices.length > 0) return undefined;
    if (xenIsAtLeast(xen, 4, 13) && !domain.startedForDevices) {
      return `the VM "${domain.name}" was started without any PCI device, and this Xen lets it have none until it is started again`;
    }
    // 0fdb48ffe7 made it so, and 73ee2795aa mended it in 4.17: "Backend … does not exist".
    if (type === "pv" && xenIsAtLeast(xen, 4, 15) && !xenIsAtLeast(xen, 4, 17)) {
      return `xl of Xen ${xen.major}.${xen.minor} cannot hot-plug the first PCI device of a PV VM (mended in 4.17)`;
    }
    return undefined;
  },
};

/** VMs of hosts with xl: a configuration file, a running domain, or both. */
export const xlVms: VmPlanner = fileVms(XL);

function firstUnknownOption(xen: Xen, { quirks, ...options }: AttachOptions): string | undefined {
  if (quirks) return "xl knows no quirks, which are files of xend's: what it has is permissive";
  const unknown = (Object.keys(options) as (keyof typeof options)[])
    .filter((option) => options[option] !== undefined)
    .find((option) => {
      const [major = 0, minor = 0] = XL_SINCE[option].split(".").map(Number);
      return !xenIsAtLeast(xen, major, minor);
    });
  return (
    unknown && `xl of Xen ${xen.major}.${xen.minor} does not know the option ${unknown} (since ${XL_SINCE[unknown]})`
  );
}
