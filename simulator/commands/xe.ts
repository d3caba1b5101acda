import type { CommandCall, CommandOutput, Commands } from "../machine";
import { ApiError, type XapiMachine } from "../xapi/database";
import type { Xapi } from "../xapi/xapi";
import { failed, isErrno, succeeded } from "./command";
import { dom0Access } from "./xe-dom0-access";
import { printMinimal, printRecord, type XeField, type XeRecord } from "./xe-print";
import { PCI_CLASS, XE_CLASSES, type XeClass } from "./xe-records";

/** What xe prints as `Error: …` (cli_util.ml, failwith of cli_operations.ml). */
class XeFailure extends Error {
  override readonly name = "XeFailure";
}

type Parameters = ReadonlyMap<string, string>;

/**
 * xe of XenServer 7 to XCP-ng 8.3 on the host itself, as root (xen-api, ocaml/xe-cli and ocaml/xapi-cli-server; texts
 * and exit codes as they stand there). Answers go to standard output, every error to standard error with exit code 1.
 */
export const xeCommands: Commands = {
  async xe(call) {
    const { xapi } = call.machine;
    const extra = (call.env.get("XE_EXTRA_ARGS") ?? "").split(",").filter((arg) => arg !== "");
    const [command, ...args] = call.args;
    if (command === undefined) return failed(0, "Usage: xe <cmd> [-s server] [-p port] <other arguments>\n");
    if (!xapi) return failed(1, "Error: Connection refused (calling connect )\n");
    const parameters = readParameters([...args, ...extra]);
    try {
      const operation = operationOf(xapi, command);
      if (!operation) return failed(1, `Unknown command: ${command}\nFor usage run: 'xe help'\n`);
      return await operation(call, xapi, parameters);
    } catch (error) {
      if (error instanceof XeFailure) return failed(1, `${error.message}\n`);
      if (error instanceof ApiError) {
        const lines = error.parameters.map(([name, value]) => `${name}: ${value}\n`);
        return failed(1, `${error.message}\n${lines.join("")}`);
      }
      if (!isErrno(error)) throw error;
      return failed(
        1,
        `The server failed to handle your request, due to an internal error.\nmessage: ${error.message}\n`,
      );
    }
  },
};

type Operation = (call: CommandCall, xapi: Xapi, parameters: Parameters) => CommandOutput | Promise<CommandOutput>;

/** Arguments are joined by line ends and taken apart again, so a line end inside one makes two of it (newcli.ml). */
function readParameters(args: readonly string[]): Parameters {
  const parameters = new Map<string, string>();
  for (const arg of args.join("\n").split("\n")) {
    const [, flag] = /^--([\w-]+)$/.exec(arg) ?? [];
    const equals = arg.indexOf("=");
    if (flag !== undefined) parameters.set(flag, "true");
    else if (equals > 0) parameters.set(arg.slice(0, equals), arg.slice(equals + 1));
  }
  return parameters;
}

function operationOf(xapi: Xapi, command: string): Operation | undefined {
  const power = POWER[command];
  if (power) return (_, __, parameters) => onMachines(xapi, parameters, power);
  const host = HOST[command];
  if (host) return host;
  const [, name = "", verb = ""] = /^([a-z]+)-(list|param-list|param-get|param-set|param-remove)$/.exec(command) ?? [];
  const pci = xapi.data.generation === "8.3" && command.startsWith("pci-");
  if (pci && command.endsWith("-status")) return (call, _, parameters) => access(call, xapi, parameters, "status");
  if (command === "pci-disable-dom0-access" && pci)
    return (call, _, parameters) => access(call, xapi, parameters, "hide");
  if (command === "pci-enable-dom0-access" && pci)
    return (call, _, parameters) => access(call, xapi, parameters, "unhide");
  const kind = pci && name === "pci" ? PCI_CLASS : XE_CLASSES[name];
  if (!kind) return undefined;
  return {
    list: (call: CommandCall, _: Xapi, parameters: Parameters) => list(kind, call, xapi, parameters),
    "param-list": (call: CommandCall, _: Xapi, parameters: Parameters) =>
      succeeded(printRecord(recordOf(kind, name, call, xapi, parameters))),
    "param-get": (call: CommandCall, _: Xapi, parameters: Parameters) => paramGet(kind, name, call, xapi, parameters),
    "param-set": (call: CommandCall, _: Xapi, parameters: Parameters) => paramSet(kind, name, call, xapi, parameters),
    "param-remove": (call: CommandCall, _: Xapi, parameters: Parameters) =>
      paramRemove(kind, name, call, xapi, parameters),
  }[verb];
}

const STANDARD = ["params", "minimal", "all", "force", "multiple"];

function list(kind: XeClass, call: CommandCall, xapi: Xapi, parameters: Parameters): CommandOutput {
  const all = kind.records(call, xapi);
  const filters = [...Object.entries(kind.defaults), ...[...parameters].filter(([name]) => !STANDARD.includes(name))];
  const matching = all.filter((record) =>
    filters.every(([name, value]) => {
      const [map = "", key] = name.split(/:(.*)/);
      const field = fieldOf(record, key === undefined ? name : map);
      return key === undefined ? field.value === value : field.map?.get(key) === value;
    }),
  );
  const records = parameters.get("all") === "true" ? all : matching;
  const wanted = parameters.get("params");
  const names = wanted === "all" ? undefined : (wanted?.split(",") ?? kind.shown);
  const shown = records.map((record) => record.filter((field) => names?.includes(field.name) ?? true));
  if (parameters.get("minimal") === "true")
    return succeeded(printMinimal(shown.map((record) => record[0]?.value ?? "")));
  return succeeded(shown.map(printRecord).join(""));
}

type RecordCall = [kind: XeClass, name: string, call: CommandCall, xapi: Xapi, parameters: Parameters];

function recordOf(...[kind, name, call, xapi, parameters]: RecordCall): XeRecord {
  const uuid = required(parameters, "uuid");
  const record = kind.records(call, xapi).find((candidate) => fieldOf(candidate, "uuid").value === uuid);
  if (record) return record;
  const type = name === "vm" || name === "template" ? "VM" : name;
  throw new ApiError("The uuid you supplied was invalid.", [
    ["type", type],
    ["uuid", uuid],
  ]);
}

function paramGet(...[kind, name, call, xapi, parameters]: RecordCall): CommandOutput {
  const field = fieldOf(recordOf(kind, name, call, xapi, parameters), required(parameters, "param-name"));
  const key = parameters.get("param-key");
  const value = key !== undefined && field.map ? field.map.get(key) : field.value;
  if (value === undefined) throw new XeFailure(`Error: Key ${key} not found in map`);
  return succeeded(parameters.get("minimal") === "true" ? printMinimal([value]) : `${value}\n`);
}

/** A key of a map is taken away and added again, in two calls of the API; it ends up last. */
function paramSet(...[kind, name, call, xapi, parameters]: RecordCall): CommandOutput {
  const record = recordOf(kind, name, call, xapi, parameters);
  for (const [parameter, value] of parameters) {
    if (parameter === "uuid" || STANDARD.includes(parameter)) continue;
    const [map = "", key] = parameter.split(/:(.*)/);
    const field = fieldOf(record, key === undefined ? parameter : map);
    if (key !== undefined && field.map) {
      field.map.delete(key);
      const failure = call.machine.faults.failureOf(`xapi VM.add_to_${map.replace("-", "_")}`);
      if (failure) throw new ApiError(failure.stderr.trim());
      field.map.set(key, value);
    } else if (field.set) field.set(value);
    else throw new XeFailure(`Error: Field '${parameter}' is read-only.`);
  }
  return succeeded();
}

function paramRemove(...[kind, name, call, xapi, parameters]: RecordCall): CommandOutput {
  const field = fieldOf(recordOf(kind, name, call, xapi, parameters), required(parameters, "param-name"));
  const key = required(parameters, "param-key");
  if (!field.map) throw new XeFailure("Error: Can only remove from parameters of type Set or Map");
  if (!field.map.delete(key)) throw new XeFailure(`Error: Key ${key} is not in map`);
  return succeeded();
}

function fieldOf(record: XeRecord, name: string): XeField {
  const field = record.find((candidate) => candidate.name === name);
  if (!field) throw new XeFailure(`Error: Unknown field '${name}'`);
  return field;
}

function required(parameters: Parameters, name: string): string {
  const value = parameters.get(name);
  if (value === undefined) throw new XeFailure(`Required parameter not found: ${name}\nFor usage run: 'xe help'`);
  return value;
}

const POWER: Readonly<Record<string, (xapi: Xapi, vm: XapiMachine, on: string | undefined) => void>> = {
  "vm-start": (xapi, vm, on) => xapi.start(vm, on),
  "vm-shutdown": (xapi, vm) => xapi.shutdown(vm),
  "vm-reboot": (xapi, vm) => {
    xapi.shutdown(vm);
    xapi.start(vm, undefined);
  },
  "vm-pause": (xapi, vm) => xapi.pause(vm, true),
  "vm-unpause": (xapi, vm) => xapi.pause(vm, false),
  "vm-suspend": (xapi, vm) => xapi.suspend(vm),
};

/** `uuid=`, `vm=` with a name or uuid; an unknown uuid is no match, not an invalid one. */
function onMachines(
  xapi: Xapi,
  parameters: Parameters,
  act: (xapi: Xapi, vm: XapiMachine, on: string | undefined) => void,
): CommandOutput {
  const wanted = parameters.get("uuid") ?? parameters.get("vm") ?? "";
  const found = xapi.machines.filter((vm) => vm.kind === "vm" && (vm.uuid === wanted || vm.name === wanted));
  const [vm, second] = found;
  if (!vm) throw new XeFailure("Error: No matching VMs found");
  if (second) throw new XeFailure("Error: Multiple matches VMs found. --multiple required to complete the operation");
  const on = parameters.get("on");
  act(xapi, vm, xapi.data.hosts.find((host) => host.uuid === on || host.name === on)?.uuid);
  return succeeded();
}

const HOST: Readonly<Record<string, Operation>> = {
  "host-disable": (_, xapi) => {
    xapi.enabled = false;
    return succeeded();
  },
  "host-enable": (_, xapi) => {
    xapi.enabled = true;
    return succeeded();
  },
  // Ten seconds later a thread runs "shutdown -r now"; VMs that still run are shut down (xapi_host.ml).
  "host-reboot": (call, xapi) => {
    if (xapi.enabled) {
      throw new ApiError(
        "This operation cannot be performed because the host is not disabled. Please disable the host and then try again.",
      );
    }
    call.machine.onReboot();
    return succeeded();
  },
};

async function access(
  call: CommandCall,
  xapi: Xapi,
  parameters: Parameters,
  change: "hide" | "unhide" | "status",
): Promise<CommandOutput> {
  const uuid = required(parameters, "uuid");
  const device = xapi.pciRecords.find((candidate) => candidate.uuid === uuid);
  if (!device) {
    throw new ApiError("The uuid you supplied was invalid.", [
      ["type", "PCI"],
      ["uuid", uuid],
    ]);
  }
  const word = await dom0Access(call, device.address, change);
  // PMsg is not printed with --minimal but for an empty line (cli_printer.ml).
  return succeeded(parameters.get("minimal") === "true" ? "\n" : `${word}\n`);
}
