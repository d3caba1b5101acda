import { type Xen, xenIsAtLeast } from "../../../facts/xen";
import type { AttachOptions } from "../../../vm-text/attach-options";
import { XL_SINCE } from "../../../vm-text/spec-string";
import { XL_LANGUAGE } from "../../../vm-text/xl-config-language";
import { NOTHING } from "../../part";
import type { VmPlanner } from "../../vm-planner";
import type { FileToolstack } from "./file-toolstack";
import { fileVms } from "./file-vms";

/** xl from 4.2 to today, with what each version supports. */
const XL: FileToolstack = {
  name: "xl",
  language: XL_LANGUAGE,
  whyNotOptions: ({ xen }, options) => (xen ? firstUnknownOption(xen, options) : undefined),
  fileOptions: (options) => options,
  editsBeside: () => NOTHING,
  // From 4.13 on xl sets up the IOMMU for VMs that have devices at their start, and for no other (libxl_create.c).
  needsPassthrough: ({ xen }) => xen !== undefined && xenIsAtLeast(xen, 4, 13),
  whyNotHotPlug({ xen }, domain, type) {
    if (!xen || domain.pciDevices.length > 0) return undefined;
    if (xenIsAtLeast(xen, 4, 13) && !domain.startedForDevices) {
      return `the VM "${domain.name}" was started without a PCI device, and this Xen allows none until it is restarted`;
    }
    // 0fdb48ffe7 made it so, and 73ee2795aa fixed it in 4.17: "Backend … does not exist".
    if (type === "pv" && xenIsAtLeast(xen, 4, 15) && !xenIsAtLeast(xen, 4, 17)) {
      return `xl of Xen ${xen.major}.${xen.minor} cannot hot-plug the first PCI device of a PV VM (fixed in 4.17)`;
    }
    return undefined;
  },
};

/** VMs of hosts with xl: a configuration file, a running domain, or both. */
export const xlVms: VmPlanner = fileVms(XL);

function firstUnknownOption(xen: Xen, { quirks, ...options }: AttachOptions): string | undefined {
  if (quirks) return "xl does not support quirks, which are a file of xend. Use permissive instead";
  const unknown = (Object.keys(options) as (keyof typeof options)[])
    .filter((option) => options[option] !== undefined)
    .find((option) => {
      const [major = 0, minor = 0] = XL_SINCE[option].split(".").map(Number);
      return !xenIsAtLeast(xen, major, minor);
    });
  return (
    unknown &&
    `xl of Xen ${xen.major}.${xen.minor} does not know the option ${unknown} (since ${XL_SINCE[unknown]}). Remove it`
  );
}
