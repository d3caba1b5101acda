import type { Domain, DomainDevice, DomainDisk } from "../xen/domain";
import type { Xen } from "../xen/xen";

/**
 * What `xl list -l` prints: fields that are zero are left out (tools/libs/light/gentypes.py, 4.17), numbers are
 * decimal.
 */
export function listAsJson(xen: Xen, domains: readonly Domain[], dom0: boolean): string {
  const host = {
    domid: 0,
    config: {
      c_info: { type: "pv", name: "Domain-0" },
      b_info: {
        max_memkb: xen.data.dom0Memory * 1024,
        target_memkb: xen.data.dom0Memory * 1024 - 1,
        sched_params: { sched: "credit2", weight: 256, cap: 0 },
        "type.pv": {},
        arch_arm: {},
        arch_x86: {},
      },
    },
  };
  const text = JSON.stringify([...(dom0 ? [host] : []), ...domains.map(domainAsJson)], undefined, 4);
  // yajl, which libxl prints with, gives an empty object lines of its own.
  return `${text.replace(/^( *)(.*)\{\}(,?)$/gm, "$1$2{\n\n$1}$3")}\n\n`;
}

function domainAsJson(domain: Domain) {
  const { config } = domain;
  const pcidevs = domain.devices.map(deviceAsJson);
  const disks = config.disks.map(diskAsJson);
  const nics = config.bridges.map((bridge, devid) => ({ devid, mac: macOf(domain, devid), bridge, nictype: "vif" }));
  return {
    domid: domain.id,
    config: {
      c_info: {
        type: config.type,
        name: config.name,
        uuid: config.uuid,
        run_hotplug_scripts: "True",
        passthrough: passthroughName(domain),
      },
      b_info: {
        max_vcpus: config.vcpus,
        max_memkb: config.maxMemory * 1024,
        target_memkb: config.memory * 1024,
        sched_params: {},
        [`type.${config.type}`]: {},
        arch_arm: {},
        arch_x86: {},
      },
      ...(disks.length > 0 ? { disks } : {}),
      ...(nics.length > 0 ? { nics } : {}),
      ...(pcidevs.length > 0 ? { pcidevs } : {}),
      on_reboot: "restart",
    },
  };
}

/** As xl 4.17 of the lab host prints a disk of a PV guest. */
function diskAsJson({ source, name, readOnly }: DomainDisk) {
  return {
    pdev_path: source,
    vdev: name,
    format: "raw",
    ...nonZero({ readwrite: readOnly ? 0 : 1 }),
    colo_restore_enable: "False",
  };
}

/** In the range of XenSource (xl-network-configuration.5.pod, 4.17). */
function macOf({ id }: Domain, devid: number): string {
  return `00:16:3e:00:${[id % 256, devid].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
}

function deviceAsJson(device: DomainDevice) {
  const [domain = 0, bus = 0, dev = 0, func = 0] = device.address
    .split(/[:.]/)
    .map((part) => Number.parseInt(part, 16));
  const flags = {
    msitranslate: device.msitranslate,
    power_mgmt: device.powerManagement,
    permissive: device.permissive,
    seize: device.seize,
  };
  return {
    ...nonZero({ func, dev, bus, domain, vdevfn: device.vdevfn }),
    ...Object.fromEntries(Object.entries(flags).filter(([, value]) => value)),
    rdm_policy: device.rdmPolicy,
  };
}

/** PV guests share no page tables with the IOMMU (libxl_create.c, libxl__domain_config_setdefault). */
function passthroughName(domain: Domain): string {
  if (domain.passthrough === "disabled") return "disabled";
  return domain.config.type === "pv" ? "sync_pt" : "share_pt";
}

function nonZero(numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== 0));
}
