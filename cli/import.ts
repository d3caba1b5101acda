import { Command, Option } from "commander";
import { findUnmanaged } from "../provider/resources/find-unmanaged";
import { hostOf, type LoginOptions, withLogin } from "./login-options";
import { PROGRAM_LANGUAGES, type ProgramLanguage, programText } from "./program-text";

interface Options extends LoginOptions {
  readonly language: ProgramLanguage;
  readonly json?: boolean;
}

/** `import xen1`: a program that declares what was made on a host by hand; its first `up` changes nothing there. */
export function importCommand(): Command {
  return withLogin(new Command("import"))
    .description("print a program that declares what was made on a host by hand")
    .addOption(
      new Option("--language <name>", "of the program").choices(PROGRAM_LANGUAGES).default("typescript" as const),
    )
    .option("--json", "print JSON")
    .action(async (host: string, { language, json, ...login }: Options) => {
      const found = await findUnmanaged(hostOf(host, login));
      if (json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
      else if (found.length > 0) process.stdout.write(programText[language](host, login, found));
      else
        process.stderr.write(
          `There is nothing to import on ${host}: what is hidden, assignable or in a VM there, a stack manages already.\n`,
        );
    });
}
