import { Command } from "commander";
import type { DeviceReport } from "../provider/plan/inventory/device-report";
import { reportDevices } from "../provider/resources/report-devices";
import { deviceTable } from "./device-table";
import { hostOf, type LoginOptions, withLogin } from "./login-options";

interface Options extends LoginOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `devices xen1`: the PCI functions of a host, what hangs from each, and whether it can be given to a VM. */
export function devicesCommand(): Command {
  return withLogin(new Command("devices"))
    .description("list the PCI functions of a host: what hangs from each, and whether a VM can get it")
    .option("--all", "bridges too")
    .option("--json", "print JSON")
    .action(async (host: string, options: Options) => {
      const reports = await reportDevices(hostOf(host, options));
      const shown = options.all ? reports : reports.filter((report) => !isBridge(report));
      process.stdout.write(
        options.json ? `${JSON.stringify(shown, undefined, 2)}\n` : deviceTable(shown, process.stdout.columns),
      );
    });
}

/** Base class 06 (PCI Code and ID Assignment Specification 1.11). */
function isBridge({ class: code }: DeviceReport): boolean {
  return code.startsWith("06");
}
