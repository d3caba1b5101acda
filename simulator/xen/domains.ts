import { attachDevice, consoleLine } from "./attachment";
import type { Domain, DomainConfig } from "./domain";
import { type LibxlLog, RC, type Rc } from "./libxl-log";
import { isAtLeast, storePath, type Xen } from "./xen";

/** libxl_domain_create_new (tools/libs/light/libxl_create.c, 4.17). */
export function createDomain(xen: Xen, log: LibxlLog, config: DomainConfig): Rc {
  const setdefault = (line: number) => `libxl_create.c:${line}:libxl__domain_config_setdefault`;
  const wanted = !isAtLeast(xen, 13)
    ? "enabled"
    : (config.passthrough ?? (config.devices.length > 0 ? "enabled" : "disabled"));
  const passthrough = wanted === "disabled" ? "disabled" : "enabled";
  if (passthrough === "enabled" && isAtLeast(xen, 13) && !xen.hypervisor.iommu && config.passthrough !== undefined) {
    log.say("error", setdefault(1189), "passthrough not supported on this platform");
    return RC.INVAL;
  }
  if (passthrough === "disabled" && config.devices.length > 0) {
    log.say("error", setdefault(1196), "passthrough disabled but devices are specified");
    return RC.INVAL;
  }
  if (passthrough === "enabled" && config.type === "hvm" && config.maxMemory > config.memory) {
    log.say("error", setdefault(1163), "IOMMU required for device passthrough but not supported together with PoD");
    return RC.INVAL;
  }
  const domain: Domain = {
    id: xen.nextDomain(),
    config,
    passthrough,
    paused: false,
    devices: [],
    console: "GUEST-UP\n",
    startedAt: Date.now(),
  };
  xen.domains.set(domain.id, domain);
  writeDomain(xen, domain);
  for (const device of config.devices) {
    if (attachDevice(xen, log, domain, device) === 0) continue;
    log.say("error", "libxl_create.c:1921:domcreate_attach_devices", "unable to add pci devices", {
      domain: domain.id,
    });
    destroyDomain(xen, domain);
    return RC.FAIL;
  }
  if (config.devices.length === 0) domain.console += consoleLine(xen, domain);
  return 0;
}

/** The domain is gone, and with it what xenstore said of it; its devices stay on pciback. */
export function destroyDomain(xen: Xen, domain: Domain): void {
  for (const { address } of domain.devices) xen.store.remove(`${storePath(address)}/domid`);
  xen.hypervisor.destroy(domain.id);
  xen.store.remove(`/local/domain/0/backend/pci/${domain.id}`);
  xen.store.remove(`/local/domain/${domain.id}`);
  xen.store.remove(`/vm/${domain.config.uuid}`);
  xen.store.remove(`/libxl/${domain.id}`);
  xen.domains.delete(domain.id);
}

function writeDomain(xen: Xen, domain: Domain): void {
  const { config, id } = domain;
  xen.store.write(`/vm/${config.uuid}/uuid`, config.uuid);
  xen.store.write(`/vm/${config.uuid}/name`, config.name);
  xen.store.write(`/local/domain/${id}/vm`, `/vm/${config.uuid}`);
  xen.store.write(`/local/domain/${id}/name`, config.name);
  xen.store.write(`/local/domain/${id}/domid`, id);
  xen.store.write(`/libxl/${id}/type`, config.type);
}
