import { Command } from "commander";
import type { HostCheck } from "../provider/plan/inventory/host-check";
import { examineHost } from "../provider/resources/examine-host";
import { hanging } from "./hanging-text";
import { hostOf, type LoginOptions, withLogin } from "./login-options";

interface Options extends LoginOptions {
  readonly json?: boolean;
}

/** `doctor xen1`: what must be right on a host, whether it is, and what to do. Ends with 1 when something is wrong. */
export function doctorCommand(): Command {
  return withLogin(new Command("doctor"))
    .description("look at everything that must be right on a host; ends with 1 when something is wrong")
    .option("--json", "print JSON")
    .action(async (host: string, options: Options) => {
      const checks = await examineHost(hostOf(host, options));
      process.stdout.write(
        options.json ? `${JSON.stringify(checks, undefined, 2)}\n` : diagnosis(checks, process.stdout.columns),
      );
      if (checks.some(({ verdict }) => verdict === "wrong")) process.exitCode = 1;
    });
}

const WIDEST_VERDICT = "wrong".length;

/** One line a check, and what to do about it below, broken to `columns` characters; ends with a newline. */
function diagnosis(checks: readonly HostCheck[], columns = Number.POSITIVE_INFINITY): string {
  const widest = Math.max(...checks.map(({ check }) => check.length));
  const indent = " ".repeat(WIDEST_VERDICT + widest + 4);
  const lines = checks.flatMap(({ check, verdict, found, remedy }) => [
    hanging(`${verdict.padEnd(WIDEST_VERDICT)}  ${check.padEnd(widest)}  `, found, columns),
    ...(remedy === undefined ? [] : [hanging(`${indent}-> `, remedy, columns)]),
  ]);
  return `${lines.join("\n")}\n`;
}
