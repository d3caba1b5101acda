import { z } from "zod";

/** A type in a package schema. */
export interface TypeSpec {
  readonly type?: string | undefined;
  readonly $ref?: string | undefined;
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
  readonly oneOf?: readonly TypeSpec[];
}

/** A property of a resource, a function or an object. */
export interface PropertySpec extends TypeSpec {
  readonly description?: string | undefined;
  /** Whether its value belongs encrypted into the state. */
  readonly secret?: boolean;
  readonly willReplaceOnChanges?: boolean;
}

/** The properties of an object. */
export interface ObjectSpec {
  readonly type: "object";
  readonly description?: string | undefined;
  readonly properties: Readonly<Record<string, PropertySpec>>;
  readonly required: readonly string[];
}

/** The names that a value can be. */
interface EnumSpec {
  readonly type: "string";
  readonly description?: string | undefined;
  readonly enum: readonly { readonly value: string }[];
}

/** The named types of a package, by token. */
export type TypeSpecs = Readonly<Record<string, ObjectSpec | EnumSpec>>;

/** What JSON Schema tells of a declaration, as far as a package schema has a word for it. */
const JsonSchema = z.object({
  type: z.string().optional(),
  $ref: z.string().optional(),
  description: z.string().optional(),
  secret: z.literal(true).optional(),
  enum: z.array(z.string()).optional(),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), JsonSchema).default({});
  },
  get items() {
    return JsonSchema.optional();
  },
  get anyOf() {
    return z.array(JsonSchema).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), JsonSchema]).optional();
  },
  get $defs() {
    return z.record(z.string(), JsonSchema).default({});
  },
});
type JsonSchema = z.infer<typeof JsonSchema>;

/** The token of a resource, a function or a type of the package. */
export function tokenOf(name: string): string {
  return `pci-passthrough:index:${name}`;
}

/**
 * The properties that a declaration takes (`input`) or that it returns (`output`). The types that have an `id` go into
 * `types`.
 */
export function objectSpec(
  declaration: z.ZodObject,
  side: "input" | "output",
  types: Record<string, TypeSpecs[string]>,
): ObjectSpec {
  const schema = JsonSchema.parse(z.toJSONSchema(declaration, { io: side }));
  for (const [name, definition] of Object.entries(schema.$defs)) types[tokenOf(name)] = namedType(definition);
  return objectOf(schema);
}

function namedType(schema: JsonSchema): ObjectSpec | EnumSpec {
  if (schema.enum === undefined) return objectOf(schema);
  return { type: "string", description: schema.description, enum: schema.enum.map((value) => ({ value })) };
}

function objectOf({ description, properties, required }: JsonSchema): ObjectSpec {
  return {
    type: "object",
    ...(description === undefined ? {} : { description }),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        {
          ...typeOf(property),
          ...(property.description === undefined ? {} : { description: property.description }),
          ...(property.secret ? { secret: true } : {}),
        },
      ]),
    ),
    required,
  };
}

function typeOf({ type, $ref, items, anyOf, additionalProperties }: JsonSchema): TypeSpec {
  if ($ref !== undefined) return { $ref: `#/types/${tokenOf($ref.replace("#/$defs/", ""))}` };
  if (anyOf) return { oneOf: anyOf.map(typeOf) };
  return {
    type,
    ...(items ? { items: typeOf(items) } : {}),
    ...(typeof additionalProperties === "object" ? { additionalProperties: typeOf(additionalProperties) } : {}),
  };
}
