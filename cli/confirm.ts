import { Command } from "commander";
import type { BootTrial } from "../provider/facts/boot-trial";
import { WENT_BACK } from "../provider/plan/hide/boot-trial";
import { confirmBootOf } from "../provider/resources/boot-confirmation";
import { hostOf, type LoginOptions, withLogin } from "./login-options";

interface Options extends LoginOptions {
  readonly json?: boolean;
}

/** What the command says of a host that was found so. */
const SAID = {
  none: "no boot is on trial: nothing to confirm",
  armed: "the boot on trial is the next one: confirm it after that",
  unconfirmed: "the boot is confirmed: the host keeps it",
  "went-back": `${WENT_BACK}: nothing to confirm`,
} as const satisfies Readonly<Record<BootTrial, string>>;

/** `confirm xen1`: keeps the boot that a host runs, which it would otherwise go back from. */
export function confirmCommand(): Command {
  return withLogin(new Command("confirm"))
    .description("keep the boot that a host runs on trial, after a change of what it boots with")
    .option("--json", "print JSON")
    .action(async (host: string, { json, ...login }: Options) => {
      const found = await confirmBootOf(hostOf(host, login));
      const said = json ? JSON.stringify({ boot: found, said: SAID[found] }, undefined, 2) : `${host}: ${SAID[found]}`;
      process.stdout.write(`${said}\n`);
      process.exitCode = found === "went-back" ? 1 : 0;
    });
}
