import fc from "fast-check";
import { addresses } from "../pci/arbitrary";

const inline = fc.constantFrom("", " ", "  ", "\t");
const anywhere = fc.oneof(
  { weight: 3, arbitrary: inline },
  fc.constantFrom("\n", "\n    ", " \n\t", " # it's ], 'x'\n", "\n  # two\n  # lines\n  ", " # then space\n  "),
);

/** Addresses that the configs below may hold; others are free for a test to add. */
export const takenAddresses = addresses({ maxSegment: 1, maxBus: 3 });

const text = fc.oneof(
  {
    weight: 4,
    arbitrary: takenAddresses.chain((address) => quoted(fc.constantFrom(address, `${address.slice(5)},seize=1`))),
  },
  quoted(fc.constantFrom("01:00.*@5", "name=gpu", "", "not a device", "a\\'b", "tab\\tand\\\\")),
  fc.constantFrom("0", "17", "0x1f"),
);

/** A list of texts in any style: on one line or many, with comments, with or without a comma at its end. */
const list = fc
  .record({
    open: anywhere,
    elements: fc.array(fc.record({ text, beforeComma: anywhere, afterComma: anywhere }), { maxLength: 4 }),
    trailingComma: fc.boolean(),
  })
  .map(({ open, elements, trailingComma }) => {
    const parts = elements.map(({ text: element, beforeComma, afterComma }, index) => {
      const comma = index < elements.length - 1 || trailingComma ? `,${afterComma}` : "";
      return element + beforeComma + comma;
    });
    return `[${open}${parts.join("")}]`;
  });

const assignment = fc
  .oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant("pci"), fc.constantFrom("=", "=", "+="), list) },
    fc.tuple(fc.constant("pci"), fc.constant("="), text),
    fc.tuple(fc.constantFrom("name", "uuid", "type", "extra", "passthrough"), fc.constantFrom("=", "+="), text),
    fc.tuple(
      fc.constantFrom("disk", "vif"),
      fc.constant("="),
      list.map((inner) => `[${inner}, ${inner} ]`),
    ),
  )
  .chain(([name, operator, value]) => fc.tuple(inline, inline).map(([a, b]) => `${name}${a}${operator}${b}${value}`));

const line = fc.oneof(
  { weight: 4, arbitrary: assignment },
  fc.constantFrom("", "# pci = [ 'x' ]", ";", "  # \r bytes \xe9\xff of a comment"),
  fc.tuple(assignment, assignment).map(([a, b]) => `${a} ; ${b}`),
);

/** Whole files. Nearly all are valid; a `pci` that adds a list to a text is not. */
export const xlConfigs = fc
  .record({ lines: fc.array(fc.tuple(inline, line, inline), { maxLength: 6 }), newline: fc.boolean() })
  .map(({ lines, newline }) => {
    const whole = lines.map((pieces) => pieces.join("")).join("\n");
    return newline ? `${whole}\n` : whole;
  });

/** Texts that are mostly no config, of the words that configs are made of. */
export const wordSoup = fc
  .array(
    fc.constantFrom(
      "pci",
      "=",
      "+=",
      "[",
      "]",
      ",",
      "\n",
      ";",
      " ",
      "'a'",
      '"',
      "'",
      "#",
      "\\",
      "\r",
      "\0",
      "7",
      "(",
      "Z",
    ),
  )
  .map((words) => words.join(""));

function quoted(inside: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom("'", '"'), inside).map(([quote, some]) => `${quote}${some}${quote}`);
}
