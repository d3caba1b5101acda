import { xenServer } from "./xenserver";
import { XENSERVER_7_MODULES, XENSERVER_7_PCI } from "./xenserver-7-hardware";

const HOST = "0d3c5f2e-6b8e-4d6d-9f6e-7a1b2c3d4e5f";

/** XenServer 7.0 on a host with BIOS: a pool of its own. */
export const xenServer7 = xenServer({
  name: "xenserver-7",
  kernel: {
    release: "4.4.0+10",
    version: "#1 SMP Thu Jul 14 10:02:11 UTC 2016",
    pci: XENSERVER_7_PCI,
    modules: XENSERVER_7_MODULES,
  },
  xen: {
    major: 4,
    minor: 6,
    extra: ".1",
    commandLine: "dom0_mem=3072M,max:3072M watchdog ucode=scan dom0_max_vcpus=4 crashkernel=192M,below=4G console=vga",
    iommu: true,
    hvm: true,
    memory: 8190,
    dom0Memory: 3072,
    cpus: 4,
  },
  xapi: {
    generation: "7",
    brand: "XenServer",
    version: "7.0.0",
    hostUuid: HOST,
    hosts: [{ uuid: HOST, name: "helical" }],
    haEnabled: false,
    machines: [
      {
        uuid: "7c0c9a3f-2d5e-4d57-8c0e-1b7b3d2a9f10",
        name: "Control domain on host: helical",
        kind: "control-domain",
        otherConfig: { is_system_domain: "true" },
      },
      {
        uuid: "2b6f1d0a-93c4-4f0b-a1c5-6f0e8d7c5b4a",
        name: "Windows 7 (64-bit) (1)",
        kind: "vm",
        affinity: HOST,
        otherConfig: {
          base_template_name: "Windows 7 (64-bit)",
          import_task: "OpaqueRef:8f3c2f60-1d0c-0f0f-9a3e-2f7d6c5b4a39",
          mac_seed: "5e0e3a9f-7a0d-1b0e-2a47-cf0c8e1d7b65",
          "install-methods": "cdrom",
        },
        snapshots: ["9e1f7d4c-0b5a-4b8e-8d3f-5a6c7b8d9e0f"],
      },
      {
        uuid: "9e1f7d4c-0b5a-4b8e-8d3f-5a6c7b8d9e0f",
        name: "before the update",
        kind: "snapshot",
        otherConfig: { base_template_name: "Windows 7 (64-bit)" },
      },
      {
        uuid: "c5d4e3f2-a1b0-4c9d-8e7f-6a5b4c3d2e1f",
        name: "media",
        kind: "vm",
        otherConfig: { base_template_name: "Debian Jessie 8.0", auto_poweron: "true" },
      },
      {
        uuid: "d1e2f3a4-b5c6-4d7e-8f90-a1b2c3d4e5f6",
        name: "Debian Jessie 8.0",
        kind: "template",
        otherConfig: { default_template: "true", "install-methods": "cdrom,nfs,http,ftp" },
      },
    ],
  },
  network: {
    sshAddress: "10.0.0.21",
    sshPort: 22,
    clientAddress: "10.0.0.2",
    interfaces: [
      { name: "lo", addresses: ["127.0.0.1/8"] },
      { name: "eth0", addresses: [] },
      { name: "eth1", addresses: [] },
      { name: "xenbr0", addresses: ["10.0.0.21/24"] },
    ],
    openVswitch: { bridges: ["xenbr0"], ports: ["eth0"] },
  },
  sysfs: {},
  mounts: [
    {
      source: "/dev/sda1",
      point: "/",
      type: "ext3",
      options: "rw,relatime",
      superOptions: "rw,data=ordered",
      device: "8:1",
    },
  ],
  bootFile: "/boot/grub/grub.cfg",
  bootMenu: `serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set default=0
set timeout=5
menuentry 'XenServer' {
	search --label --set root root-qkxjme
	multiboot2 /boot/xen.gz dom0_mem=3072M,max:3072M watchdog ucode=scan dom0_max_vcpus=4 crashkernel=192M,below=4G console=vga vga=mode-0x0311
	module2 /boot/vmlinuz-4.4-xen root=LABEL=root-qkxjme ro nolvm hpet=disable xencons=hvc console=hvc0 console=tty0 quiet vga=785 splash
	module2 /boot/initrd-4.4-xen.img
}
menuentry 'XenServer (Serial)' {
	search --label --set root root-qkxjme
	multiboot2 /boot/xen.gz com1=115200,8n1 console=com1,vga dom0_mem=3072M,max:3072M watchdog ucode=scan dom0_max_vcpus=4 crashkernel=192M,below=4G
	module2 /boot/vmlinuz-4.4-xen root=LABEL=root-qkxjme ro nolvm hpet=disable console=tty0 xencons=hvc console=hvc0
	module2 /boot/initrd-4.4-xen.img
}
menuentry 'XenServer in Safe Mode' {
	search --label --set root root-qkxjme
	multiboot2 /boot/xen.gz nosmp noreboot noirqbalance no-mce no-bootscrub no-numa no-hap no-mmcfg max_cstate=0 nmi=ignore allow_unsafe dom0_mem=3072M,max:3072M com1=115200,8n1 console=com1,vga
	module2 /boot/vmlinuz-4.4-xen earlyprintk=xen root=LABEL=root-qkxjme ro nolvm hpet=disable console=tty0 xencons=hvc console=hvc0
	module2 /boot/initrd-4.4-xen.img
}
menuentry 'XenServer (Xen 4.6.1 / Linux 4.4.0+2)' {
	search --label --set root root-qkxjme
	multiboot2 /boot/xen-fallback.gz dom0_mem=3072M,max:3072M watchdog ucode=scan dom0_max_vcpus=4 crashkernel=192M,below=4G
	module2 /boot/vmlinuz-fallback root=LABEL=root-qkxjme ro nolvm hpet=disable xencons=hvc console=hvc0 console=tty0
	module2 /boot/initrd-fallback.img
}
`,
});
