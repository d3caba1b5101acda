import { assignable, attached, type ChangesOnHost, hidden, passthrough } from "./program-change";

const GPU = "0000:01:00.0";
const AUDIO = "0000:01:00.1";
const NIC = "0000:03:00.0";
const DISK = "0000:04:00.0";
const ROUTER_UUID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

/** XCP-ng 8.3: the VMs gpu1 and router on this host, and db2 on another one of the pool. */
export const CHANGES_ON_XCP_NG: ChangesOnHost = {
  profile: "xcpng-8.3",
  changes: [
    { title: "a device is hidden at boot", before: "", after: hidden("03:00.0"), becomes: [`boot hides ${NIC}`] },
    {
      title: "another device is hidden at boot",
      before: hidden("03:00.0"),
      after: hidden("04:00.0"),
      becomes: [`boot hides ${DISK}`],
    },
    {
      title: "one of two devices is no longer hidden",
      before: hidden("03:00.0") + hidden("04:00.0", "", "disk"),
      after: hidden("04:00.0", "", "disk"),
      becomes: [`boot hides ${DISK}`],
    },
    {
      title: "a VM gets a device",
      before: assignable("03:00.0"),
      after: assignable("03:00.0") + attached("router"),
      becomes: [`${NIC} on pciback`, `router has ${NIC}`],
    },
    {
      title: "another VM gets the device",
      before: assignable("03:00.0") + attached("router"),
      after: assignable("03:00.0") + attached("gpu1"),
      becomes: [`${NIC} on pciback`, `gpu1 has ${NIC}`],
    },
    {
      title: "the VM gets another device",
      before: assignable("03:00.0") + attached("router"),
      after: assignable("04:00.0") + attached("router"),
      becomes: [`${DISK} on pciback`, `router has ${DISK}`],
    },
    {
      title: "the VM is named by its uuid",
      before: assignable("03:00.0") + attached("router"),
      after: assignable("03:00.0") + attached(ROUTER_UUID),
      becomes: [`${NIC} on pciback`, `router has ${NIC}`],
    },
    {
      title: "a graphics card's function becomes the whole card",
      before: assignable("01:00.0") + attached("gpu1"),
      after: assignable("01:00") + attached("gpu1"),
      becomes: [`${GPU} on pciback`, `${AUDIO} on pciback`, `gpu1 has ${GPU}`, `gpu1 has ${AUDIO}`],
    },
    {
      title: "a component gets another VM",
      before: passthrough("01:00", "gpu1"),
      after: passthrough("01:00", "router"),
      becomes: [
        `${GPU} on pciback`,
        `${AUDIO} on pciback`,
        `boot hides ${GPU}`,
        `boot hides ${AUDIO}`,
        `router has ${GPU}`,
        `router has ${AUDIO}`,
      ],
    },
    {
      title: "a VM that runs no longer gets a device",
      before: assignable("03:00.0") + attached("router"),
      meanwhile: "xe vm-start vm=router",
      stop: "xe vm-shutdown vm=router force=true",
      after: assignable("03:00.0"),
      // XAPI unplugs nothing: the VM keeps it until it is shut down.
      becomes: [`${NIC} on pciback`, `running router has ${NIC}`],
    },
    {
      title: "two VMs for one device",
      before: assignable("03:00.0") + attached("router"),
      after: assignable("03:00.0") + attached("router") + attached("gpu1", "", "second"),
      refused: /router|gpu1/,
      becomes: [`${NIC} on pciback`, `router has ${NIC}`],
    },
  ],
};

/** XenServer 7.0: the VM media. */
export const CHANGES_ON_XENSERVER: ChangesOnHost = {
  profile: "xenserver-7",
  changes: [
    {
      title: "a device moves from one attachment to another",
      before: hidden("04:00.0") + attached("media", "", "first", "hidden.device"),
      after: hidden("04:00.0") + attached("Windows 7 (64-bit) (1)", "", "second", "hidden.device"),
      refused: /other-config:pci of the VM "media" .* has 0000:04:00.0 too/,
      becomes: ["boot hides 0000:04:00.0", "media has 0000:04:00.0"],
      left: [],
    },
    {
      title: "three resources become one component",
      before: hidden("04:00.0") + assignable("04:00.0") + attached("media"),
      after: passthrough("04:00.0", "media"),
      becomes: ["0000:04:00.0 on pciback", "boot hides 0000:04:00.0", "media has 0000:04:00.0"],
      left: [],
    },
  ],
};
