import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { type Release, releaseDevice } from "../provider/resources/release-device";
import { hostOf, type LoginOptions, withLogin } from "./login-options";

interface Options extends LoginOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/**
 * `release xen1 0000:04:00.0`: gives back what a stack that is gone has made for a device. Ends with 1 when that was not
 * confirmed.
 */
export function releaseCommand(): Command {
  return withLogin(new Command("release"))
    .argument("<device>", "PCI address or slot: 0000:04:00.0")
    .description("give back what a stack that is gone has made for a device, after showing it")
    .option("-y, --yes", "do not ask")
    .option("--json", "print JSON, and ask nothing: with --yes it is done, without it is only shown")
    .action(async (host: string, device: string, options: Options) => {
      const end = await releaseDevice(
        hostOf(host, options),
        device,
        async (claims) => {
          if (!options.json) process.stdout.write(describe(claims));
          if (options.yes) return true;
          return options.json
            ? false
            : askTerminal("Is this stack gone for good, and should all of this be done? (yes/no) ");
        },
        (line) => process.stderr.write(`${line}\n`),
      );
      if (options.json) process.stdout.write(`${JSON.stringify(end, undefined, 2)}\n`);
      else
        process.stdout.write(
          end.released ? "Released.\n" : "Nothing was changed: answer yes at a terminal, or add --yes.\n",
        );
      if (!end.released) process.exitCode = 1;
    });
}

function describe(claims: readonly Release[]): string {
  return claims
    .map(({ kind, label, project, stack, effects }) =>
      [
        `${kind} "${label}" of the stack "${stack}" of the project "${project}":`,
        ...(effects.length > 0 ? effects : ["only the claim goes"]).map((line) => `  ${line}`),
        "",
      ].join("\n"),
    )
    .join("");
}

/** Nobody can answer without a terminal: then it is a no. */
async function askTerminal(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question)).trim() === "yes";
  } finally {
    terminal.close();
  }
}
