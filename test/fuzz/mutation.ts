/** A repeatable source of numbers (mulberry32): the same seed gives the same numbers on every machine. */
export class Random {
  private state: number;

  constructor(...seeds: readonly number[]) {
    this.state = seeds.reduce((state, seed) => Math.imul(state ^ seed, 0x9e3779b1) ^ (seed >>> 13), 0x2545f491);
  }

  /** An integer from 0 up to, but not including, the limit. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, limit);
  }

  pick<T>(choices: readonly T[], otherwise: T): T {
    return choices[this.below(choices.length)] ?? otherwise;
  }
}

/** What the parsers give a meaning to, and what none of them expects. */
const PIECES = [
  ..."\"'`$\\#=;&|()<>[]{}:.,-+*/%@!~^?_ \t\n\r\f\v\0\x07\x1b\x7f\xa0\xff019afzAZ",
  ...["$(", "${", "$'", '"""', "'''", "\\\n", "\r\n", "<<E\n", ";;", "&&", "||", "--", "=(", "*)", "\n\n", "|1|"],
  ...[
    "0000:04:00.0",
    "ffffffff:ff:1f.7",
    "(04:00.*)",
    "xen-pciback.hide=",
    "pci = [",
    "options ",
    "title ",
    "case x in ",
  ],
  ...[
    "<a>",
    "</a>",
    "<![CDATA[",
    "<!--",
    "&#0;",
    "&amp;",
    "<!DOCTYPE x [",
    "]]>",
    "null",
    "{}",
    "[]",
    "1e999",
    "__proto__",
  ],
  ...[
    "Host *",
    "Match all",
    "Include x",
    "@revoked ",
    "=0\n",
    "@facts-end\n",
    "\n|",
    "if ",
    "fi\n",
    "done\n",
    "esac\n",
  ],
];

const LONGEST = 100_000;

/** A text made from another by one to eight small changes. `others` lend pieces. */
export function mutated(text: string, others: readonly string[], random: Random): string {
  let changed = text;
  for (let left = 1 + random.below(8); left > 0; left--) changed = mutatedOnce(changed, others, random);
  return changed.slice(0, LONGEST);
}

function mutatedOnce(text: string, others: readonly string[], random: Random): string {
  const start = random.below(text.length + 1);
  const end = Math.min(text.length, start + (random.below(4) === 0 ? random.below(text.length + 1) : random.below(12)));
  const before = text.slice(0, start);
  const after = text.slice(end);
  const between = text.slice(start, end);
  switch (random.below(8)) {
    case 0:
      return before + after;
    case 1:
      return before + between + between + after;
    case 2:
      return before;
    case 3: {
      const other = random.pick(others, "");
      const from = random.below(other.length + 1);
      return before + other.slice(from, from + random.below(200)) + after;
    }
    case 4:
      return before + random.pick(PIECES, "").repeat(random.below(40) === 0 ? random.below(5_000) : 2) + after;
    case 5:
      return before + String.fromCharCode(random.below(256)) + after;
    default:
      return before + random.pick(PIECES, "") + text.slice(start);
  }
}
