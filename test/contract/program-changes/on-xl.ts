import { assignable, attached, type ChangesOnHost, functions, hidden, passthrough } from "./program-change";

const START_WEB1 = "xl create /etc/xen/web1.cfg";
const NIC = "0000:01:00.0";
const OTHER = "0000:01:00.1";
const VM_ELSEWHERE = "mkdir -p /srv/vms && sed 's/web1/web2/' /etc/xen/web1.cfg > /srv/vms/web2.cfg";
const GIVE_UUID = "echo 'uuid = \"f5ddf4b0-6f4a-4ad2-9c1d-0f3c1c9f3d11\"' >> /etc/xen/web1.cfg";
const INTERFACE_IS_BACK = /the network interface enp1s0f0 disappears/;

/** Debian 12: /etc/xen/web1.cfg, db1.cfg (with a uuid) and router.cfg (which has 02:00.0). */
export const CHANGES_ON_XL: ChangesOnHost = {
  profile: "debian-xl",
  changes: [
    { title: "a device is made assignable", before: "", after: assignable("01:00.0"), becomes: [`${NIC} on pciback`] },
    {
      title: "a device is no longer assignable",
      before: assignable("01:00.0") + assignable("01:00.1", "", "other"),
      after: assignable("01:00.1", "", "other"),
      becomes: [`${OTHER} on pciback`],
    },
    {
      title: "a VM no longer gets a device",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00.0"),
      becomes: [`${NIC} on pciback`],
    },
    {
      title: "another device is made assignable",
      before: assignable("01:00.0"),
      after: assignable("01:00.1"),
      becomes: [`${OTHER} on pciback`],
    },
    {
      title: "a VM gets a device",
      before: assignable("01:00.0"),
      after: assignable("01:00.0") + attached("web1"),
      becomes: [`${NIC} on pciback`, `web1.cfg has ${NIC}`],
    },
    {
      title: "another VM gets the device",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00.0") + attached("db1"),
      becomes: [`${NIC} on pciback`, `db1.cfg has ${NIC}`],
    },
    {
      title: "another VM gets the device of a VM that runs",
      before: assignable("01:00.0") + attached("web1"),
      meanwhile: START_WEB1,
      after: assignable("01:00.0") + attached("db1"),
      becomes: [`${NIC} on pciback`, `db1.cfg has ${NIC}`],
    },
    {
      title: "the VM gets another device",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00.1") + attached("web1"),
      becomes: [`${OTHER} on pciback`, `web1.cfg has ${OTHER}`],
    },
    {
      title: "the VM gets another device while it runs",
      before: assignable("01:00.0") + attached("web1"),
      meanwhile: START_WEB1,
      after: assignable("01:00.1") + attached("web1"),
      becomes: [`${OTHER} on pciback`, `web1.cfg has ${OTHER}`, `running web1 has ${OTHER}`],
    },
    {
      title: "an attachment gets another name",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00.0") + attached("web1", "", "renamed"),
      becomes: [`${NIC} on pciback`, `web1.cfg has ${NIC}`],
    },
    { title: "a device is hidden at boot", before: "", after: hidden("01:00.0"), becomes: [`boot hides ${NIC}`] },
    {
      title: "another device is hidden at boot",
      before: hidden("01:00.0"),
      after: hidden("01:00.1"),
      becomes: [`boot hides ${OTHER}`],
    },
    {
      title: "an assignable device is hidden at boot instead",
      before: assignable("01:00.0"),
      after: hidden("01:00.0"),
      becomes: [`boot hides ${NIC}`],
    },
    {
      title: "a hidden device is made assignable instead",
      before: hidden("01:00.0"),
      after: assignable("01:00.0"),
      becomes: [`${NIC} on pciback`],
    },
    {
      title: "three resources become one component",
      before: hidden("01:00.0") + assignable("01:00.0") + attached("web1"),
      after: passthrough("01:00.0", "web1"),
      becomes: [`${NIC} on pciback`, `boot hides ${NIC}`, `web1.cfg has ${NIC}`],
    },
    {
      title: "a component becomes three resources",
      before: passthrough("01:00.0", "web1"),
      after: hidden("01:00.0") + assignable("01:00.0") + attached("web1"),
      becomes: [`${NIC} on pciback`, `boot hides ${NIC}`, `web1.cfg has ${NIC}`],
    },
    {
      title: "a component hides its device, too",
      before: passthrough("01:00.0", "web1", ", hide: false"),
      after: passthrough("01:00.0", "web1"),
      becomes: [`${NIC} on pciback`, `boot hides ${NIC}`, `web1.cfg has ${NIC}`],
    },
    {
      title: "a component no longer makes its device assignable",
      before: passthrough("01:00.0", "web1", ", hide: false"),
      after: passthrough("01:00.0", "web1", ", hide: false, assign: false"),
      becomes: [`web1.cfg has ${NIC}`],
    },
    {
      title: "a component gets another device while its VM runs",
      before: passthrough("01:00.0", "web1"),
      meanwhile: START_WEB1,
      after: passthrough("01:00.1", "web1"),
      becomes: [`${OTHER} on pciback`, `boot hides ${OTHER}`, `web1.cfg has ${OTHER}`, `running web1 has ${OTHER}`],
    },
    {
      title: "a function becomes its slot",
      unforeseen: INTERFACE_IS_BACK,
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00") + attached("web1"),
      becomes: [`${NIC} on pciback`, `${OTHER} on pciback`, `web1.cfg has ${NIC}`, `web1.cfg has ${OTHER}`],
    },
    {
      title: "a slot becomes one of its functions",
      unforeseen: INTERFACE_IS_BACK,
      before: assignable("01:00") + attached("web1"),
      after: assignable("01:00.0") + attached("web1"),
      becomes: [`${NIC} on pciback`, `web1.cfg has ${NIC}`],
    },
    {
      title: "a hidden slot becomes one of its functions",
      before: hidden("01:00"),
      after: hidden("01:00.1"),
      becomes: [`boot hides ${OTHER}`],
    },
    {
      title: "a function becomes its slot under another name",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00", "", "slot") + attached("web1", "", "both", "slot.device"),
      becomes: [`${NIC} on pciback`, `${OTHER} on pciback`, `web1.cfg has ${NIC}`, `web1.cfg has ${OTHER}`],
    },
    {
      title: "a slot becomes one of its functions under another name",
      before: assignable("01:00") + attached("web1") + hidden("01:00"),
      after:
        assignable("01:00.1", "", "single") +
        attached("web1", "", "part", "single.device") +
        hidden("01:00.1", "", "rest"),
      becomes: [`${OTHER} on pciback`, `boot hides ${OTHER}`, `web1.cfg has ${OTHER}`],
    },
    {
      title: "a hidden device gets another mechanism",
      before: hidden("01:00.0", ', mechanism: "modprobe"'),
      after: hidden("01:00.0", ', mechanism: "initramfs"'),
      becomes: [`boot hides ${NIC}`],
      says: /hidden: the initramfs is rebuilt with a script/,
    },
    {
      title: "a hidden device names the mechanism that it has",
      before: hidden("01:00.0"),
      after: hidden("01:00.0", ', mechanism: "modprobe"'),
      becomes: [`boot hides ${NIC}`],
    },
    {
      title: "two attachments of one VM exchange their devices",
      unforeseen: /^(first|second|nic|other): /,
      before:
        assignable("01:00") + attached("web1", "", "first", '"01:00.0"') + attached("web1", "", "second", '"01:00.1"'),
      after:
        assignable("01:00") + attached("web1", "", "first", '"01:00.1"') + attached("web1", "", "second", '"01:00.0"'),
      becomes: [`${NIC} on pciback`, `${OTHER} on pciback`, `web1.cfg has ${NIC}`, `web1.cfg has ${OTHER}`],
    },
    {
      title: "two resources exchange their devices",
      unforeseen: /^(first|second|nic|other): /,
      before: assignable("01:00.0") + assignable("01:00.1", "", "other"),
      after: assignable("01:00.1") + assignable("01:00.0", "", "other"),
      becomes: [`${NIC} on pciback`, `${OTHER} on pciback`],
    },
    {
      title: "an attachment becomes permissive",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00.0") + attached("web1", ", permissive: true"),
      becomes: [`${NIC} on pciback`, `web1.cfg has ${NIC}`],
    },
    {
      title: "an attachment is no longer permissive",
      before: assignable("01:00.0") + attached("web1", ", permissive: true"),
      after: assignable("01:00.0") + attached("web1"),
      becomes: [`${NIC} on pciback`, `web1.cfg has ${NIC}`],
    },
    {
      title: "the VM is named by its file",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00.0") + attached("/etc/xen/web1.cfg"),
      becomes: [`${NIC} on pciback`, `web1.cfg has ${NIC}`],
    },
    {
      title: "a VM in a folder of its own no longer gets a device",
      given: VM_ELSEWHERE,
      before: assignable("01:00.0") + attached("/srv/vms/web2.cfg"),
      after: assignable("01:00.0"),
      becomes: [`${NIC} on pciback`],
    },
    {
      title: "a VM that got a uuid meanwhile no longer gets a device",
      before: assignable("01:00.0") + attached("web1"),
      meanwhile: GIVE_UUID,
      after: assignable("01:00.0"),
      becomes: [`${NIC} on pciback`],
      left: [],
    },
    {
      title: "another device for a VM that got a uuid meanwhile",
      before: assignable("01:00.0") + attached("web1"),
      meanwhile: GIVE_UUID,
      after: assignable("01:00.1") + attached("web1"),
      becomes: [`${OTHER} on pciback`, `web1.cfg has ${OTHER}`],
      left: [],
    },
    {
      title: "a VM whose file was moved no longer gets a device",
      before: assignable("01:00.0") + attached("web1"),
      meanwhile: "mv /etc/xen/web1.cfg /etc/xen/web.cfg",
      after: assignable("01:00.0"),
      becomes: [`${NIC} on pciback`],
      left: [],
    },
    {
      title: "attachment and device go, though neither names the other, while the VM runs",
      before:
        assignable("01:00.0") + attached("web1", "", "attachment", '"01:00.0"') + assignable("01:00.1", "", "other"),
      meanwhile: START_WEB1,
      after: assignable("01:00.1", "", "other"),
      becomes: [`${OTHER} on pciback`],
    },
    {
      title: "a disk gets more virtual functions",
      before: functions("03:00.0", 1),
      after: functions("03:00.0", 2),
    },
    {
      title: "one device for two VMs",
      before: assignable("01:00.0") + attached("web1"),
      after: assignable("01:00.0") + attached("web1") + attached("db1", "", "second"),
      refused: /"(web1|db1)"/,
      becomes: [`${NIC} on pciback`, `web1.cfg has ${NIC}`],
    },
    {
      title: "a slot and one of its functions",
      before: assignable("01:00.0"),
      after: assignable("01:00.0") + assignable("01:00", "", "slot"),
      refused: /declares/,
      becomes: [`${NIC} on pciback`],
    },
    {
      title: "the device is declared twice",
      before: assignable("01:00.0"),
      after: assignable("01:00.0") + assignable("0000:01:00.0", "", "twin"),
      refused: /"case\d+-(nic|twin)" declares the same AssignableDevice/,
      becomes: [`${NIC} on pciback`],
    },
    {
      title: "the NIC of the SSH session is made assignable instead",
      before: assignable("01:00.0"),
      after: assignable("00:03.0"),
      refused: /the SSH session to .* goes through it/,
      becomes: [`${NIC} on pciback`],
    },
    {
      title: "another device is made assignable, while a VM has the first one by hand",
      before: assignable("01:00.0"),
      meanwhile: `echo "pci = [ '01:00.0' ]" >> /etc/xen/web1.cfg && ${START_WEB1}`,
      after: assignable("01:00.1"),
      refused: /the VM .*web1.* has 0000:01:00.0 now/,
      becomes: [`${NIC} on pciback`, `running web1 has ${NIC}`],
      stop: "xl destroy web1",
      left: [],
    },
    {
      title: "a device that is another one than expected",
      before: "",
      after: assignable("01:00.0", ', expect: { id: "8086:1533" }'),
      refused: /8086:10d3/,
    },
  ],
};
