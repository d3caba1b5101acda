import type { ModuleData } from "../kernel/modules";
import type { PciFunctionData } from "../kernel/pci-bus";
import type { Profile } from "../machine";
import { debianKvm } from "./debian-kvm";
import { pciAddress } from "./pci-address";

const BRIDGE = pciAddress("00:08.0");

/** A graphics card with its sound, behind a root port of its own: one slot, one IOMMU group. The card of the XCP-ng host. */
const CARD: readonly PciFunctionData[] = [
  {
    address: BRIDGE,
    iommuGroup: 11,
    id: "1b36:000c",
    subsystem: "1b36:0000",
    class: "060400",
    label: "PCI bridge: Red Hat, Inc. QEMU PCIe Root port",
  },
  {
    address: pciAddress("04:00.0"),
    iommuGroup: 12,
    id: "10de:1c03",
    subsystem: "19da:1438",
    class: "030000",
    revision: "a1",
    label: "VGA compatible controller: NVIDIA Corporation GP106 [GeForce GTX 1060 6GB]",
    bridge: BRIDGE,
  },
  {
    address: pciAddress("04:00.1"),
    iommuGroup: 12,
    id: "10de:10f1",
    subsystem: "19da:1438",
    class: "040300",
    revision: "a1",
    label: "Audio device: NVIDIA Corporation GP106 High Definition Audio Controller",
    bridge: BRIDGE,
  },
];

/**
 * nouveau takes every display of NVIDIA (linux 6.1, drivers/gpu/drm/nouveau/nouveau_drm.c, nouveau_drm_pci_table), and
 * snd_hda_intel its sound by the class (sound/pci/hda/hda_intel.c, azx_ids).
 */
const DRIVERS: readonly ModuleData[] = [
  {
    name: "nouveau",
    file: "kernel/drivers/gpu/drm/nouveau/nouveau.ko",
    driver: { name: "nouveau", ids: ["10de:1c03"] },
  },
  {
    name: "snd_hda_intel",
    file: "kernel/sound/pci/hda/snd-hda-intel.ko",
    driver: { name: "snd_hda_intel", classes: ["0403"] },
  },
];

const MODULES = `/lib/modules/${debianKvm.kernel.release}`;

/** The KVM host with a graphics card. */
export const debianKvmGpu: Profile = {
  ...debianKvm,
  name: "debian-kvm-gpu",
  kernel: {
    ...debianKvm.kernel,
    pci: [...debianKvm.kernel.pci, ...CARD],
    modules: [...debianKvm.kernel.modules, ...DRIVERS],
  },
  files: {
    ...debianKvm.files,
    ...Object.fromEntries(DRIVERS.map(({ file }) => [`${MODULES}/${file}`, ""])),
    [`${MODULES}/modules.dep`]: `${debianKvm.files[`${MODULES}/modules.dep`]}${DRIVERS.map(({ file }) => `${file}:\n`).join("")}`,
  },
};
