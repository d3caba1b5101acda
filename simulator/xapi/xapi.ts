import { createHash } from "node:crypto";
import { destroyDomain } from "../xen/domains";
import { ApiError, type Dom0, type XapiData, type XapiMachine } from "./database";
import { startDomain } from "./xenopsd";

/** xapi of one host, with the pool's database: what is in it stays over reboots. */
export class Xapi {
  readonly machines: XapiMachine[];
  enabled = true;
  pifOfSriov: readonly string[] = [];

  constructor(
    readonly data: XapiData,
    private readonly machine: Dom0,
  ) {
    this.machines = data.machines.map((machine) => ({
      uuid: machine.uuid,
      kind: machine.kind,
      name: machine.name,
      powerState: machine.runsOn !== undefined || machine.kind === "control-domain" ? "running" : "halted",
      residentOn: machine.kind === "control-domain" ? data.hostUuid : machine.runsOn,
      affinity: machine.affinity,
      haRestartPriority: machine.haRestartPriority ?? "",
      otherConfig: new Map(Object.entries(machine.otherConfig ?? {})),
      snapshots: machine.snapshots ?? [],
      domainId: machine.kind === "control-domain" ? 0 : machine.runsOn === undefined ? -1 : 7,
    }));
  }

  /** The host was off: what ran on it does not any more, and it enables itself (xapi_host.ml, auto-enable). */
  boot(): void {
    this.enabled = true;
    for (const vm of this.runningHere) stopped(vm);
  }

  get runningHere(): readonly XapiMachine[] {
    return this.machines.filter((machine) => machine.kind === "vm" && machine.residentOn === this.data.hostUuid);
  }

  start(vm: XapiMachine, on: string | undefined): void {
    this.expectPower(vm, "halted");
    const host = on ?? vm.affinity ?? this.data.hostUuid;
    if (host !== this.data.hostUuid) {
      vm.powerState = "running";
      vm.residentOn = host;
      vm.domainId = 7;
      return;
    }
    const { xen } = this.machine;
    if (!xen) throw new ApiError("The server failed to handle your request, due to an internal error.");
    vm.domainId = startDomain(this.machine, xen, vm);
    vm.powerState = "running";
    vm.residentOn = host;
  }

  shutdown(vm: XapiMachine): void {
    if (vm.powerState !== "running" && vm.powerState !== "paused") this.expectPower(vm, "running");
    const domain = this.machine.xen?.domains.get(vm.domainId);
    if (domain && this.machine.xen) destroyDomain(this.machine.xen, domain);
    stopped(vm);
  }

  pause(vm: XapiMachine, paused: boolean): void {
    this.expectPower(vm, paused ? "running" : "paused");
    const domain = this.machine.xen?.domains.get(vm.domainId);
    if (domain) domain.paused = paused;
    vm.powerState = paused ? "paused" : "running";
  }

  /** VM_HAS_PCI_ATTACHED only for devices that xapi has a record of (xapi_vm_lifecycle.ml). */
  suspend(vm: XapiMachine): void {
    this.expectPower(vm, "running");
    const devices = this.machine.xen?.domains.get(vm.domainId)?.devices ?? [];
    if (devices.some((device) => this.pciRecords.some((record) => record.address === device.address))) {
      throw new ApiError(
        "This operation could not be performed, because the VM has one or more PCI devices passed through.",
        [["vm", `${vm.uuid} (${vm.name})`]],
      );
    }
    this.shutdown(vm);
    vm.powerState = "suspended";
  }

  /** Storage, network and display, with what shares a slot with them (xapi_pci.ml). */
  get pciRecords(): readonly { readonly uuid: string; readonly address: string }[] {
    const { devices } = this.machine.kernel.bus;
    const known = devices.filter((device) => /^0[123]/.test(device.class)).map((device) => slotOf(device.address));
    return devices
      .filter((device) => known.includes(slotOf(device.address)))
      .map(({ address }) => ({ address, uuid: uuidFrom(`${this.data.hostUuid}/${address}`) }));
  }

  private expectPower(vm: XapiMachine, expected: XapiMachine["powerState"]): void {
    if (vm.powerState === expected) return;
    throw new ApiError(
      "You attempted an operation on a VM that was not in an appropriate power state at the time; for example, you attempted to start a VM that was already running.  The parameters returned are the VM's handle, and the expected and actual VM state at the time of the call.",
      [
        ["vm", `${vm.uuid} (${vm.name})`],
        ["expected", expected],
        ["actual", vm.powerState],
      ],
    );
  }
}

/** A uuid of a record of its own, the same at every start. */
export function uuidFrom(text: string): string {
  const digits = createHash("md5").update(text).digest("hex");
  return [8, 12, 16, 20, 32].map((end, index, ends) => digits.slice(ends[index - 1] ?? 0, end)).join("-");
}

function stopped(vm: XapiMachine): void {
  vm.powerState = "halted";
  vm.residentOn = undefined;
  vm.domainId = -1;
}

function slotOf(address: string): string {
  return address.slice(0, address.lastIndexOf("."));
}
