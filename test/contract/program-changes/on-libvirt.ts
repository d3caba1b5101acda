import { assignable, attached, type ChangesOnHost, hidden, passthrough } from "./program-change";

const NIC = "0000:01:00.0";
const OTHER = "0000:01:00.1";
const DISK = "0000:03:00.0";
const USB = "0000:02:00.0";
const WEB_UUID = "34138775-b440-45f8-883a-f2520e0acbf2";
/** virsh domrename does the same; the simulated one has it not. */
const RENAME_WEB =
  "virsh dumpxml --inactive web | sed 's,<name>web<,<name>www<,' > /tmp/www.xml && virsh undefine web && virsh define /tmp/www.xml";

/** Debian 12 with KVM: the VMs web (q35) and db (pc); both NICs are one IOMMU group, USB and NVMe have their own. */
export const CHANGES_ON_LIBVIRT: ChangesOnHost = {
  profile: "debian-kvm",
  changes: [
    {
      title: "a device is made assignable",
      before: "",
      after: assignable("03:00.0"),
      becomes: [`${DISK} on vfio-pci`],
    },
    {
      title: "a device is no longer assignable",
      before: assignable("03:00.0") + assignable("02:00.0", "", "other"),
      after: assignable("02:00.0", "", "other"),
      becomes: [`${USB} on vfio-pci`],
    },
    {
      title: "a VM gets a device",
      before: assignable("03:00.0"),
      after: assignable("03:00.0") + attached("web"),
      becomes: [`${DISK} on vfio-pci`, `web has ${DISK}`],
    },
    {
      title: "a VM that runs gets a device",
      before: assignable("03:00.0"),
      meanwhile: "virsh start web",
      after: assignable("03:00.0") + attached("web"),
      becomes: [`${DISK} on vfio-pci`, `web has ${DISK}`, `running web has ${DISK}`],
    },
    {
      title: "another VM gets the device of a VM that runs",
      before: assignable("03:00.0") + attached("web"),
      meanwhile: "virsh start web",
      after: assignable("03:00.0") + attached("db"),
      becomes: [`${DISK} on vfio-pci`, `db has ${DISK}`],
    },
    {
      title: "the VM gets another device while it runs",
      before: assignable("03:00.0") + attached("web"),
      meanwhile: "virsh start web",
      after: assignable("02:00.0") + attached("web"),
      becomes: [`${USB} on vfio-pci`, `web has ${USB}`, `running web has ${USB}`],
    },
    {
      title: "an attachment and its device get other names",
      before: assignable("03:00.0") + attached("web"),
      after: assignable("03:00.0", "", "disk") + attached("web", "", "renamed", "disk.device"),
      becomes: [`${DISK} on vfio-pci`, `web has ${DISK}`],
    },
    {
      title: "the VM is named by its uuid",
      before: assignable("03:00.0") + attached("web"),
      after: assignable("03:00.0") + attached(WEB_UUID),
      becomes: [`${DISK} on vfio-pci`, `web has ${DISK}`],
    },
    {
      title: "the VM was renamed, and the program follows",
      before: assignable("03:00.0") + attached("web"),
      meanwhile: RENAME_WEB,
      after: assignable("03:00.0") + attached("www"),
      becomes: [`${DISK} on vfio-pci`, `www has ${DISK}`],
      left: [],
    },
    {
      title: "a group becomes a slot",
      unforeseen: /the network interface enp1s0f[01] disappears/,
      before: assignable("01:00.0", ", group: true") + attached("web"),
      after: assignable("01:00") + attached("web"),
      becomes: [`${NIC} on vfio-pci`, `${OTHER} on vfio-pci`, `web has ${NIC}`, `web has ${OTHER}`],
    },
    {
      title: "a function becomes its whole group",
      before: assignable("03:00.0"),
      after: assignable("03:00.0", ", group: true"),
      becomes: [`${DISK} on vfio-pci`],
    },
    {
      title: "a group shrinks to a function",
      before: assignable("01:00.0", ", group: true"),
      after: assignable("01:00.0"),
      refused: /IOMMU group/,
      becomes: [`${NIC} on vfio-pci`, `${OTHER} on vfio-pci`],
    },
    {
      title: "an assignable device is hidden at boot instead",
      before: assignable("03:00.0"),
      after: hidden("03:00.0"),
      becomes: [`boot hides ${DISK}`],
    },
    {
      title: "another device is hidden at boot",
      before: hidden("03:00.0"),
      after: hidden("02:00.0"),
      becomes: [`boot hides ${USB}`],
    },
    {
      title: "three resources become one component",
      before: hidden("03:00.0") + assignable("03:00.0") + attached("web"),
      after: passthrough("03:00.0", "web"),
      becomes: [`${DISK} on vfio-pci`, `boot hides ${DISK}`, `web has ${DISK}`],
    },
    {
      title: "attachment and device go, though neither names the other, while the VM runs",
      // libvirt gives the device of a managed hostdev back itself.
      unforeseen: /^nic: .* goes back to nvme /,
      before:
        assignable("03:00.0") + attached("web", "", "attachment", '"03:00.0"') + assignable("02:00.0", "", "other"),
      meanwhile: "virsh start web",
      after: assignable("02:00.0", "", "other"),
      becomes: [`${USB} on vfio-pci`],
    },
    {
      title: "two VMs for one device",
      before: assignable("03:00.0") + attached("web"),
      after: assignable("03:00.0") + attached("web") + attached("db", "", "second"),
      refused: /"db"|"web"/,
      becomes: [`${DISK} on vfio-pci`, `web has ${DISK}`],
    },
  ],
};
