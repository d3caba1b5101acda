import type { Command, CommandCall, CommandOutput, Commands } from "../machine";
import { failed } from "./command";
import { xlDomainCommands } from "./xl-domains";
import { xlPciCommands } from "./xl-pci";

const SUBCOMMANDS: Readonly<Record<string, Command>> = { ...xlPciCommands, ...xlDomainCommands };

/** xl of Xen 4.17: `xl [-v] <subcommand> …`; subcommands see the arguments after their own name. */
function xl(call: CommandCall): CommandOutput | Promise<CommandOutput> {
  const index = call.args.findIndex((arg) => !arg.startsWith("-"));
  const name = call.args[index];
  const subcommand = name === undefined ? undefined : SUBCOMMANDS[name];
  if (!subcommand)
    return failed(1, name === undefined ? "Usage xl [-vfNtT] <subcommand> [args]\n" : `command not implemented\n`);
  if (call.session.uid !== 0) return failed(1, "libxl: error: Must be root\n");
  return subcommand({ ...call, stdin: "", name: name ?? "", args: call.args.slice(index + 1) });
}

/** `xl`. */
export const xlCommands: Commands = { xl };
