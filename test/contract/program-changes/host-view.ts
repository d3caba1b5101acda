import type { CommandResult } from "../test-host";

interface Shell {
  exec(command: string): Promise<CommandResult>;
}

/** What a host boots from, as far as it may name devices. */
const BOOT_FILES =
  "/etc/modprobe.d/* /etc/modprobe.conf /etc/default/grub /etc/default/grub.d/* /etc/initramfs-tools/scripts/*/* /etc/xen/pciback.conf /boot/grub/grub.cfg /boot/efi/EFI/xenserver/grub.cfg";
const ADDRESS = /[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/g;

/**
 * Who has which device, looked up past the product: `0000:01:00.0 on pciback`, `boot hides 0000:01:00.0`,
 * `web1.cfg has 0000:01:00.0` for what a VM gets at its next start, and `running web1 has 0000:01:00.0`.
 */
export async function hostView(host: Shell): Promise<readonly string[]> {
  const text = async (command: string) => (await host.exec(command)).stdout;
  const lines = async (command: string) => (await text(command)).split("\n").filter(Boolean);
  const drivers = (await lines("ls -d /sys/bus/pci/drivers/*/0000:*"))
    .map((path) => path.split("/").slice(-2))
    .map(([driver, address]) => `${address} on ${driver}`)
    .sort();
  const boot = addressesIn(await text(`cat ${BOOT_FILES} 2> /dev/null`)).map((address) => `boot hides ${address}`);
  const files = (await lines(`grep -HE '${ADDRESS.source}' /etc/xen/* /srv/vms/* 2> /dev/null`)).flatMap((line) => {
    const [path = ""] = line.split(":");
    if (!/\.cfg$|NGTest|test$/.test(path)) return [];
    return addressesIn(line.slice(path.length)).map((address) => `${path.split("/").at(-1)} has ${address}`);
  });
  return [
    ...drivers,
    ...boot,
    ...[...new Set(files)].sort(),
    ...(await domains(text)),
    ...(await libvirtVms(text)),
    ...(await xapiVms(text)),
  ];
}

/** What the product may leave on a host, byte for byte: its own folders, and all that it edits. */
export async function hostTexts(host: Shell): Promise<string> {
  const { stdout } = await host.exec(
    `cksum ${BOOT_FILES} /etc/xen/* /srv/vms/* /etc/libvirt/qemu/*.xml 2> /dev/null
ls -aR /var/lib/pulumi-pci-passthrough 2> /dev/null
cat /sys/bus/pci/devices/*/sriov_numvfs 2> /dev/null`,
  );
  return stdout;
}

function addressesIn(text: string): readonly string[] {
  return [...new Set(text.match(ADDRESS) ?? [])].sort();
}

type Ask = (command: string) => Promise<string>;

/** What running domains of Xen have: the backends in xenstore. */
async function domains(text: Ask): Promise<readonly string[]> {
  const found = await text(
    `for b in $(xenstore-list /local/domain/0/backend/pci 2> /dev/null); do
  echo "$(xenstore-read /local/domain/$b/name)"' '$(xenstore-ls /local/domain/0/backend/pci/$b | grep '^ *dev-' | tr '\\n' ' ')
done 2> /dev/null`,
  );
  return found.split("\n").flatMap((line) => {
    const [name = ""] = line.split(" ");
    return addressesIn(line).map((address) => `running ${name} has ${address}`);
  });
}

async function libvirtVms(text: Ask): Promise<readonly string[]> {
  const found: string[] = [];
  // On the lab's Xen host libvirtd ends as soon as virsh asks it, and systemd starts it again and again.
  const all = "command -v xl > /dev/null || virsh list --all --name 2> /dev/null";
  const names = (await text(all)).split("\n").filter(Boolean);
  if (names.length === 0) return [];
  const running = (await text("virsh list --name 2> /dev/null")).split("\n").filter(Boolean);
  for (const name of names) {
    const config = await text(`virsh dumpxml --inactive ${name}`);
    found.push(...hostdevs(config).map((address) => `${name} has ${address}`));
    if (running.includes(name))
      found.push(...hostdevs(await text(`virsh dumpxml ${name}`)).map((address) => `running ${name} has ${address}`));
  }
  return found;
}

function hostdevs(xml: string): readonly string[] {
  const sources = [...xml.matchAll(/<hostdev[\s\S]*?<source>([\s\S]*?)<\/source>/g)].map(([, source = ""]) => source);
  return sources.map((source) => {
    const part = (name: string) => new RegExp(`${name}='0x([0-9a-f]+)'`).exec(source)?.[1] ?? "";
    return `${part("domain")}:${part("bus")}:${part("slot")}.${part("function")}`;
  });
}

async function xapiVms(text: Ask): Promise<readonly string[]> {
  const uuids = (await text("xe vm-list params=uuid --minimal 2> /dev/null")).trim().split(",").filter(Boolean);
  const found: string[] = [];
  for (const uuid of uuids) {
    const name = (await text(`xe vm-param-get uuid=${uuid} param-name=name-label`)).trim();
    const pci = await text(`xe vm-param-get uuid=${uuid} param-name=other-config param-key=pci 2> /dev/null`);
    found.push(...addressesIn(pci).map((address) => `${name} has ${address}`));
  }
  return found;
}
