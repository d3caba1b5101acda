import { z } from "zod";
import { RESOURCE_KINDS } from "../../claims/claim-key";
import { HostInput } from "../../plan/inputs/host-input";
import { type DeclaredProgram, declaredResource } from "../../resources/declared-program";

const Json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
});

/** What the resource classes report about one declaration of the program. */
const Declared = z.object({
  kind: z.enum(RESOURCE_KINDS),
  label: z.string(),
  /** All but `host`, and without those that wait for another resource. */
  inputs: z.record(z.string(), z.unknown()),
  /** The names of those that wait. */
  unknown: z.array(z.string()),
});

/**
 * What the resource classes report about the whole program: the last line of the transient input `__program`, which check
 * drops, so that it is in no state. With it hosts are read in parallel, and guards know what the program is about to change.
 */
const TransientInput = z.object({
  preview: z.boolean(),
  /** Every host of the program whose inputs are known: in one of its resources, or a few. */
  hosts: z.array(z.unknown()).optional(),
  complete: z.boolean(),
  /** Declarations on the host of this resource, in the order of the program. */
  declarations: z.array(z.unknown()),
});

/** What `__program` tells: in front of its last line which resource has it, as `toldUrn` reads it. */
export function splitProgram(input: unknown): { readonly resource: unknown; readonly program: unknown } {
  if (typeof input !== "string" || !input.includes("\n")) return { resource: undefined, program: input };
  const end = input.lastIndexOf("\n");
  return { resource: input.slice(0, end), program: input.slice(end + 1) };
}

/** The program, as far as the transient input can be read. */
export interface TransientProgram {
  readonly preview: boolean;
  /** Undefined where another resource of the program tells them. */
  readonly hosts: readonly HostInput[] | undefined;
  readonly program: DeclaredProgram;
  /** What cannot be read, one line each. */
  readonly problems: readonly string[];
}

/**
 * Reads the program, each declaration by itself, so that one that cannot be read becomes a problem and does not affect
 * the others. `host`: the host of the resource that has this input. Undefined when there is none (refresh,
 * destroy). A host with invalid inputs is omitted: the check of its resources reports them. Never throws.
 */
export function readProgram(input: unknown, host: HostInput): TransientProgram | undefined {
  if (input === undefined) return undefined;
  const key = JSON.stringify([input, host]);
  const program = programs.get(key) ?? readOnce(input, host);
  programs.set(key, program);
  return program;
}

/** By their texts: all resources of a host tell the same, and what was read once is one object for all of them. */
const programs = new Map<string, TransientProgram>();

function readOnce(input: unknown, host: HostInput): TransientProgram {
  const program = Json.pipe(TransientInput).safeParse(input);
  if (!program.success)
    return {
      preview: false,
      hosts: undefined,
      program: { complete: false, declarations: [], beside: () => [] },
      problems: [
        "the program's declarations (__program) cannot be read. Use the same version of pulumi-pci-passthrough for the program and its provider",
      ],
    };
  const { preview, hosts, complete, declarations: given } = program.data;
  const declarations = given.map((declaration) => ({ declaration, read: Declared.safeParse(declaration) }));
  return {
    preview,
    hosts: hosts?.flatMap((other) => HostInput.safeParse(other).data ?? []),
    program: {
      complete,
      declarations: declarations.flatMap(({ read }) => (read.data ? [declaredResource(read.data, host)] : [])),
      beside: () => [],
    },
    problems: declarations.flatMap(({ declaration, read }) =>
      read.success ? [] : [`the declaration ${labelOf(declaration)} cannot be read: ${z.prettifyError(read.error)}`],
    ),
  };
}

function labelOf(declaration: unknown): string {
  const { data } = z.object({ label: z.string() }).safeParse(declaration);
  return data ? `"${data.label}"` : "of a resource without a name";
}
