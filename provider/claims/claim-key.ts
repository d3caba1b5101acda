import { keptByText } from "../kept-by-text";
import { formatPciTarget, type PciTarget, parsePciTarget } from "../pci/address";

/** The kinds of resources that claims and ids name. States contain these names, so they never change. */
export const RESOURCE_KINDS = [
  "HiddenPciDevice",
  "AssignableDevice",
  "VmPciAttachment",
  "SriovVirtualFunctions",
  "IommuBootParameters",
  "HostReboot",
] as const;
/** A kind of resource, by its name in claims and ids. */
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** What a claim is about. */
export interface ClaimSubject {
  readonly kind: ResourceKind;
  /** Undefined when it is about the host as a whole. */
  readonly target?: PciTarget | undefined;
  /** The VM's uuid, or its name if it has none. */
  readonly vm?: string | undefined;
  /** The stack, when each stack has a claim of its own on the host. */
  readonly stack?: { readonly project: string; readonly stack: string } | undefined;
}

/**
 * The key of a subject, unique on its host: `AssignableDevice/0000:01:00.0`, `VmPciAttachment/0000:01:00.0/<vm>`,
 * `HostReboot/<project>.<stack>`.
 */
export function formatKey({ kind, target, vm, stack }: ClaimSubject): string {
  return [
    kind,
    ...(target ? [formatPciTarget(target)] : []),
    ...(vm === undefined ? [] : [encodeURIComponent(vm)]),
    ...(stack ? [`${withoutDots(stack.project)}.${withoutDots(stack.stack)}`] : []),
  ].join("/");
}

/** What a key is about; undefined for text that `formatKey` did not write. */
export function parseKey(key: string): ClaimSubject | undefined {
  return readKey(key).subject;
}

/** A fleet has as many as resources; every plan looks through those of its host. */
const MOST_KEPT = 10_000;
const readKey = keptByText(MOST_KEPT, (key) => ({ subject: subjectOf(key) }));

function subjectOf(key: string): ClaimSubject | undefined {
  const [name, ...rest] = key.split("/");
  const kind = RESOURCE_KINDS.find((known) => known === name);
  if (!kind) return undefined;
  const [first, second, third] = rest;
  if (first === undefined) return { kind };
  if (third !== undefined) return undefined;
  const target = parsePciTarget(first);
  if (target) return second === undefined ? { kind, target } : withVm({ kind, target }, second);
  const dot = first.indexOf(".");
  const [project, stack] = [decode(first.slice(0, dot)), decode(first.slice(dot + 1))];
  return second === undefined && dot > 0 && project !== undefined && stack !== undefined
    ? { kind, stack: { project, stack } }
    : undefined;
}

/** The id of a resource in Pulumi's state: `<machine id>/<key>`. */
export function formatId(machineId: string, key: string): string {
  return `${machineId}/${key}`;
}

/** The parts of a resource's id, as `formatId` joined them. */
export function parseId(id: string): { readonly machineId: string; readonly key: string } {
  const slash = id.indexOf("/");
  return { machineId: id.slice(0, slash), key: id.slice(slash + 1) };
}

function withVm(subject: ClaimSubject, encoded: string): ClaimSubject | undefined {
  const vm = decode(encoded);
  return vm === undefined ? undefined : { ...subject, vm };
}

/** encodeURIComponent does not escape dots, which names of projects and stacks may contain. */
function withoutDots(name: string): string {
  return encodeURIComponent(name).replaceAll(".", "%2E");
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
