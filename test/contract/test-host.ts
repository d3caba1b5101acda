import type { HostInput } from "../../provider/plan/inputs/host-input";
import type { ToolstackName } from "../../provider/plan/toolstack-name";

/** A host that the contract runs on: the simulated one, or the real Xen host of the lab. */
export interface TestHost {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Whether that user becomes root by sudo. */
  readonly sudo?: boolean;
  readonly identityFile: string;
  /** `SHA256:…` */
  readonly hostKey: string;
  /** How many seconds a preview waits for it, where the 5 that it waits by itself may be too few. */
  readonly connectTimeout?: number;
  /** What the program names, where it is not the host's first choice. */
  readonly toolstack?: ToolstackName;
  /** Whether changes are on trial, where that is tested. */
  readonly safety?: HostInput["safety"];
  /** Runs a command past the product, as a person would over SSH. */
  exec(command: string): Promise<CommandResult>;
  /** Resolves when the host is back. */
  reboot(): Promise<void>;
  stop(): Promise<void>;
}

export interface CommandResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command prints; throws when it fails, for a test that goes on from there would say nothing. */
export async function output(host: TestHost, command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(command);
  if (exitCode !== 0) throw new Error(`${command} on ${host.name}: exit ${exitCode}\n${stdout}${stderr}`);
  return stdout;
}

/** The driver that holds a PCI function; empty when none does. */
export async function driverOf(host: TestHost, address: string): Promise<string> {
  const path = `/sys/bus/pci/devices/${address}/driver`;
  const link = await output(host, `[ ! -e ${path} ] || readlink ${path}`);
  return link.trim().split("/").at(-1) ?? "";
}

/**
 * Everything that the product may change, as text to compare: drivers, VM configurations, boot sources, its own folder.
 */
export function snapshot(host: TestHost): Promise<string> {
  return output(
    host,
    `cd /sys/bus/pci/drivers && ls -d */0000:*
cksum /etc/xen/*.cfg /etc/modprobe.d/*.conf 2> /dev/null
cat /sys/bus/pci/devices/*/sriov_numvfs
ls -a /etc/xen /etc/modprobe.d /etc/udev/rules.d /var/lib`,
  );
}

/** Puts a VM configuration on the host; the guest kernel is there on both kinds of host. */
export async function writeVmConfig(host: TestHost, path: string, text: string): Promise<void> {
  await output(host, `printf %s '${text.replaceAll("'", "'\\''")}' > ${path}`);
}
