import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { PassthroughError, unable } from "../provider/errors";
import { readHostMap } from "../provider/resources/read-host-map";
import { hostOf, type LoginOptions, withLogin } from "./login-options";
import { mapPage } from "./map-page";
import { mapText } from "./map-text";

interface Options extends LoginOptions {
  readonly output?: string;
  readonly stack?: string;
  readonly json?: boolean;
}

/** `map xen1 -o xen1.html`: the devices and VMs of a host as a picture or as text, now and later. */
export function mapCommand(): Command {
  return withLogin(new Command("map"))
    .description("show the devices and VMs of a host, now and after its next reboot, as text or as a page")
    .option("-o, --output <file>", "write an HTML page that opens without a server")
    .option("--stack <file>", 'what "pulumi stack export" printed: after its up and its destroy, too')
    .option("--json", "print JSON")
    .action(async (host: string, options: Options) => {
      const { stack: exported, output } = options;
      const stack =
        exported === undefined ? undefined : withFile("read", exported, () => readFileSync(exported, "utf8"));
      const states = await readHostMap(hostOf(host, options), stack);
      if (output !== undefined) withFile("write", output, () => writeFileSync(output, mapPage(host, states)));
      if (options.json) process.stdout.write(`${JSON.stringify(states, undefined, 2)}\n`);
      else if (output === undefined) process.stdout.write(mapText(host, states));
    });
}

/** A file that a person names wrongly is told like any other mistake. */
function withFile<T>(doing: "read" | "write", file: string, use: () => T): T {
  try {
    return use();
  } catch (cause) {
    const reason = `${cause instanceof Error ? cause.message : cause}. Check the path and who may ${doing} it`;
    throw new PassthroughError(unable({ purpose: `${doing} ${file}`, reason }), { cause });
  }
}
