import { assignable, attached, type ChangesOnHost, hidden, passthrough } from "./program-change";

const NIC = "0000:09:00.0";
const USB = "0000:00:1d.7";

/** RHEL 5 with xend: /etc/xen/NGTest-dom0kernel is the VM NGTest. */
export const CHANGES_ON_XM: ChangesOnHost = {
  profile: "rhel5-xen",
  changes: [
    { title: "a device is made assignable", before: "", after: assignable("09:00.0"), becomes: [`${NIC} on pciback`] },
    {
      title: "another device is made assignable",
      before: assignable("09:00.0"),
      after: assignable("00:1d.7"),
      becomes: [`${USB} on pciback`],
    },
    {
      title: "a device is hidden at boot",
      before: assignable("09:00.0"),
      after: assignable("09:00.0") + hidden("09:00.0"),
      becomes: [`${NIC} on pciback`, `boot hides ${NIC}`],
    },
    {
      title: "a VM gets a device",
      before: assignable("09:00.0"),
      after: assignable("09:00.0") + attached("NGTest"),
      becomes: [`${NIC} on pciback`, `NGTest-dom0kernel has ${NIC}`],
    },
    {
      title: "a VM gets another device",
      before: assignable("09:00.0") + attached("NGTest"),
      after: assignable("00:1d.7") + attached("NGTest"),
      becomes: [`${USB} on pciback`, `NGTest-dom0kernel has ${USB}`],
    },
    {
      title: "an attachment becomes permissive",
      before: assignable("09:00.0") + attached("NGTest"),
      after: assignable("09:00.0") + attached("NGTest", ", permissive: true"),
      becomes: [`${NIC} on pciback`, `NGTest-dom0kernel has ${NIC}`],
    },
    {
      title: "the VM is named by its file",
      before: assignable("09:00.0") + attached("NGTest"),
      after: assignable("09:00.0") + attached("/etc/xen/NGTest-dom0kernel"),
      becomes: [`${NIC} on pciback`, `NGTest-dom0kernel has ${NIC}`],
    },
    {
      title: "a component gets another device",
      before: passthrough("09:00.0", "NGTest"),
      after: passthrough("00:1d.7", "NGTest"),
      becomes: [`${USB} on pciback`, `boot hides ${USB}`, `NGTest-dom0kernel has ${USB}`],
    },
  ],
};
