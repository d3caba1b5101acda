import type { CommandCall } from "../machine";
import { ApiError } from "../xapi/database";

const XEN_CMDLINE = "/opt/xensource/libexec/xen-cmdline";
const KEY = "xen-pciback.hide";

/**
 * What `xe pci-…-dom0-access` does and says (xen-api, pciops.ml and xapi_pci_helpers.ml, 24.14 and later): it shells
 * out to xen-cmdline, puts the new device in front of the others turned around, and deletes an empty list.
 */
export async function dom0Access(
  call: CommandCall,
  address: string,
  change: "hide" | "unhide" | "status",
): Promise<string> {
  const hidden = await hiddenDevices(call);
  if (change === "hide" && !hidden.includes(address)) {
    const devices = [address, ...[...hidden].reverse()];
    await call.run([XEN_CMDLINE, "--set-dom0", `${KEY}=${devices.map((device) => `(${device})`).join("")}`]);
  }
  if (change === "unhide" && hidden.includes(address)) {
    const left = hidden.filter((device) => device !== address);
    const set = ["--set-dom0", `${KEY}=${left.map((device) => `(${device})`).join("")}`];
    await call.run([XEN_CMDLINE, ...(left.length > 0 ? set : ["--delete-dom0", KEY])]);
  }
  const next = (await hiddenDevices(call)).includes(address);
  const [running = ""] = /xen-pciback\.hide=\S*/.exec(call.machine.kernel.commandLine) ?? [];
  if (running.includes(address)) return next ? "disabled" : "enable_on_reboot";
  return next ? "disable_on_reboot" : "enabled";
}

/** Fourteen characters a device, `(0000:04:00.0)`; anything else makes OCaml's Scanf fail (xen-orchestra#9574). */
async function hiddenDevices(call: CommandCall): Promise<readonly string[]> {
  const { stdout } = await call.run([XEN_CMDLINE, "--get-dom0", KEY]);
  const value = stdout.trim().replace(`${KEY}=`, "");
  const pieces = value.match(/.{1,14}/g) ?? [];
  return pieces.map((piece) => {
    const [, address] = /^\(([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\)$/i.exec(piece) ?? [];
    if (address !== undefined) return address.toLowerCase();
    throw new ApiError("The server failed to handle your request, due to an internal error.", [
      ["message", `Scanf.Scan_failure("scanf: bad input at char number 6: looking for ':', found '.'")`],
    ]);
  });
}
