import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Bag } from "../../plan/kind";
import { UNKNOWN_TEXT } from "../../resources/unknowns";

/** The keys and values by which the engine marks special values (pulumi/pulumi, sdk/go/common/resource/sig, v3.259). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Members that are secret wherever they stand: the engine may have lost their marks, as in the provider's inputs. */
const ALWAYS_SECRET = new Set(["privateKey", "password", "passphrase"]);

/** Where a value stands, as JSON: `["host","password"]`. */
export type SecretPath = string;

/** Values without the engine's marks. */
export interface Unmarked {
  readonly values: Bag;
  readonly secrets: ReadonlySet<SecretPath>;
}

/** Reads a bag of the wire, and remembers which of its values are secret. An absent bag is empty. */
export function readBag(struct: Struct | undefined): Unmarked {
  const secrets = new Set<SecretPath>();
  const values = unmark(struct?.toJavaScript() ?? {}, [], secrets);
  return { values: isObject(values) ? values : {}, secrets };
}

function unmark(value: unknown, path: readonly (string | number)[], secrets: Set<SecretPath>): unknown {
  if (Array.isArray(value)) return value.map((member, index) => unmark(member, [...path, index], secrets));
  if (!isObject(value)) return value;
  const mark = value[SIGNATURE];
  if (mark === SECRET || (mark === OUTPUT && value.secret === true)) secrets.add(JSON.stringify(path));
  if (mark === OUTPUT && !("value" in value)) return UNKNOWN_TEXT;
  if (mark === SECRET || mark === OUTPUT) return unmark(value.value, path, secrets);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, unmark(member, [...path, name], secrets)]),
  );
}

/** Writes a bag for the wire, with what is secret marked. Members that are undefined are left out. */
export function writeBag(values: Bag, secrets: ReadonlySet<SecretPath>): Struct {
  const marked = mark(values, [], secrets);
  return Struct.fromJavaScript(marked as Parameters<typeof Struct.fromJavaScript>[0]);
}

function mark(value: unknown, path: readonly (string | number)[], secrets: ReadonlySet<SecretPath>): unknown {
  const isSecret = path.length > 0 && (secrets.has(JSON.stringify(path)) || ALWAYS_SECRET.has(String(path.at(-1))));
  const inner = Array.isArray(value)
    ? value.map((member, index) => mark(member, [...path, index], secrets))
    : isObject(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, member]) => member !== undefined)
            .map(([name, member]) => [name, mark(member, [...path, name], secrets)]),
        )
      : value;
  return isSecret ? { [SIGNATURE]: SECRET, value: inner } : inner;
}

/** The text without the secrets among these values. */
export function redacted(text: string, { values, secrets }: Unmarked): string {
  const texts = secretTexts(values, [], secrets);
  return texts.reduce((left, secret) => left.replaceAll(secret, "[secret]"), text);
}

function secretTexts(
  value: unknown,
  path: readonly (string | number)[],
  secrets: ReadonlySet<SecretPath>,
  within = false,
): readonly string[] {
  const isSecret = within || secrets.has(JSON.stringify(path)) || ALWAYS_SECRET.has(String(path.at(-1)));
  // A shorter one would make holes in words.
  if (typeof value === "string") return isSecret && value.length > 3 ? [value] : [];
  if (Array.isArray(value))
    return value.flatMap((member, index) => secretTexts(member, [...path, index], secrets, isSecret));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => secretTexts(member, [...path, name], secrets, isSecret));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
