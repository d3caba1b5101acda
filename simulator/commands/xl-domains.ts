import type { Command, CommandCall, CommandOutput } from "../machine";
import { ConfigSyntaxError, readDomainConfig } from "../xen/config-file";
import type { Domain, DomainConfig } from "../xen/domain";
import { createDomain, destroyDomain } from "../xen/domains";
import { isAtLeast, type Xen } from "../xen/xen";
import { failed, isErrno, splitOptions, succeeded } from "./command";
import { hostInfo } from "./xl-info";
import { listAsJson } from "./xl-list-json";
import { findDomain, withXen } from "./xl-pci";

/** Subcommands of xl about domains and the host (tools/xl, 4.17). */
export const xlDomainCommands: Readonly<Record<string, Command>> = {
  list: withXen((call, xen) => {
    const { options, words } = splitOptions(call.args);
    const wanted = words.map((name) => (name === "0" || name === "Domain-0" ? undefined : findDomain(xen, name)));
    const unknown = wanted.find((domain) => domain !== undefined && "exitCode" in domain);
    if (unknown && "exitCode" in unknown) return unknown;
    const domains =
      words.length > 0 ? wanted.filter((domain): domain is Domain => domain !== undefined) : [...xen.domains.values()];
    const dom0 = words.length === 0 || wanted.includes(undefined);
    // JSON since 4.3; before that S-expressions, without devices that were added later.
    if (options.includes("l") && !isAtLeast(xen, 3)) return succeeded("(domain\n)\n");
    // Of domains that libxl did not start it has no configuration, and leaves them out (xl_list.c,
    // list_domains_details).
    if (options.includes("l")) return succeeded(listAsJson(xen, call.machine.xapi ? [] : domains, dom0));
    const head = "Name                                        ID   Mem VCPUs\tState\tTime(s)\n";
    const rows = domains.map((domain) =>
      row(domain.config.name, domain.id, domain.config.memory, domain.config.vcpus, state(domain), seconds(domain)),
    );
    const first = dom0 ? row("Domain-0", 0, xen.data.dom0Memory, xen.data.cpus, "r-----", 42.5) : "";
    return succeeded(head + first + rows.join(""));
  }),
  "vm-list": withXen((_, xen) => {
    const line = (uuid: string, id: number, name: string) => `${uuid}  ${id}    ${name.padEnd(30)}\n`;
    const rows = [...xen.domains.values()].map((domain) => line(domain.config.uuid, domain.id, domain.config.name));
    const head = "UUID                                  ID    name\n";
    return succeeded(`${head}${line("00000000-0000-0000-0000-000000000000", 0, "Domain-0")}${rows.join("")}`);
  }),
  domid: withXen((call, xen) => {
    const domain = xen.find(call.args[0] ?? "");
    return domain
      ? succeeded(`${domain.id}\n`)
      : failed(1, `Can't get domid of domain name '${call.args[0]}', maybe this domain does not exist.\n`);
  }),
  domname: withXen((call, xen) => {
    const domain = xen.domains.get(Number(call.args[0]));
    return domain
      ? succeeded(`${domain.config.name}\n`)
      : failed(1, `Can't get domain name of domain id '${call.args[0]}', maybe this domain does not exist.\n`);
  }),
  info: withXen((call, xen) => succeeded(hostInfo(call, xen))),
  create: withXen((call, xen, log) => {
    const { words } = splitOptions(call.args);
    const file = words[0] ?? "";
    let config: DomainConfig;
    try {
      // Further arguments are lines of configuration after those of the file (tools/xl/xl_vmcontrol.c, main_create).
      config = readDomainConfig(
        [call.machine.files.read(call.path(file)), ...words.slice(1)].join("\n"),
        xen.data.minor,
      );
    } catch (error) {
      if (error instanceof ConfigSyntaxError) {
        return failed(
          1,
          `${file}:${error.line}: config parsing error near here\nFailed to parse config: Invalid argument\n`,
          `Parsing config from ${file}\n`,
        );
      }
      if (!isErrno(error)) throw error;
      return failed(1, `Failed to read config file: ${file}: ${error.text}\n`);
    }
    const bad = config.badDevices[0];
    if (bad !== undefined) {
      return failed(1, `unable to parse PCI_SPEC_STRING \`${bad}' for passthrough\n`, `Parsing config from ${file}\n`);
    }
    if (xen.find(config.name)) {
      log.say("error", "libxl_domain.c:2066:libxl__domain_make", `domain with name "${config.name}" already exists.`);
      return failed(3, log.text, `Parsing config from ${file}\n`);
    }
    const rc = createDomain(xen, log, config);
    return { stdout: `Parsing config from ${file}\n`, stderr: log.text, exitCode: rc === 0 ? 0 : 3 };
  }),
  destroy: withXen((call, xen) => forDomain(call, xen, (domain) => destroyDomain(xen, domain))),
  shutdown: withXen((call, xen) => {
    const name = splitOptions(call.args.filter((arg) => !["-w", "-F"].includes(arg))).words[0] ?? "";
    const domain = findDomain(xen, name);
    if ("exitCode" in domain) return domain;
    destroyDomain(xen, domain);
    return succeeded(`Shutting down domain ${domain.id}\n`);
  }),
  pause: withXen((call, xen) => setPaused(call, xen, true)),
  unpause: withXen((call, xen) => setPaused(call, xen, false)),
  /** Ends at once: what the guest has printed until now. */
  console: withXen((call, xen) => {
    const domain = findDomain(xen, splitOptions(call.args).words.at(-1) ?? "");
    return "exitCode" in domain ? domain : succeeded(domain.console);
  }),
};

function setPaused(call: CommandCall, xen: Xen, paused: boolean): CommandOutput {
  return forDomain(call, xen, (domain) => {
    domain.paused = paused;
  });
}

function forDomain(call: CommandCall, xen: Xen, act: (domain: Domain) => void): CommandOutput {
  const domain = findDomain(xen, splitOptions(call.args).words[0] ?? "");
  if ("exitCode" in domain) return domain;
  act(domain);
  return succeeded();
}

function row(name: string, id: number, memory: number, vcpus: number, flags: string, time: number): string {
  const columns = [name.padEnd(40), String(id).padStart(5), String(memory).padStart(5), String(vcpus).padStart(5)];
  return `${columns.join(" ")}     ${flags}  ${time.toFixed(1).padStart(8)}\n`;
}

function state(domain: Domain): string {
  return domain.paused ? "--p---" : "-b----";
}

function seconds(domain: Domain): number {
  return (Date.now() - domain.startedAt) / 1000;
}
