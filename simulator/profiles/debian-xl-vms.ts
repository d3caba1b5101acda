/** VMs of the host, each in the style of another author: path -> text. None runs at first. */
export const DEBIAN_XL_VMS: Readonly<Record<string, string>> = {
  "/etc/xen/web1.cfg": `name = "web1"
kernel = "/boot/vmlinuz-6.1.0-56-amd64"
ramdisk = "/root/guest.img"
extra = "console=hvc0"
memory = 256
vcpus = 1
`,
  "/etc/xen/db1.cfg": `# db1: database, written by hand
builder='hvm'
name = 'db1'
uuid = '6b3c0a52-60a7-4f0e-9d55-8d9cf8a0b7d1'
memory=512;vcpus=1
disk=[ 'file:/srv/db1.img,xvda,w',   # system
       'file:/srv/db1-data.img,xvdb,w' ]
vif = [ 'bridge=xenbr0' ]
on_reboot='restart'
`,
  "/etc/xen/router.cfg": `# Debian's xen-tools wrote this file
kernel      = '/boot/vmlinuz-6.1.0-56-amd64'
ramdisk     = '/root/guest.img'
name        = 'router'
vcpus       = '1'
memory      = '256'
extra       = "console=hvc0"

#
#  PCI
#
pci = [
    '0000:02:00.0',   # USB controller for the modem
]
`,
};
