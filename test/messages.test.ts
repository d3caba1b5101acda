import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const ROOT = path.dirname(__dirname);

/** Folders of which people read texts. What they hold of shell and of files on hosts is not prose. */
const FOLDERS = ["provider", "sdk", "cli"];

/** Two words for one thing: the first is the right one. */
const WORDS: readonly (readonly [word: string, others: RegExp])[] = [
  ["turn on, turn off", /\bswitch(?:e[sd]|ing)?(?: \w+){0,3} (?:on|off)\b/i],
  ["reboot (of a host)", /\brestart(?:s|ed|ing)? (?:of )?the host\b|\bhost (?:is|was) restarted\b/i],
  ["restart (of a VM)", /\breboot(?:s|ed|ing)? (?:of )?the VM\b/i],
  ["stub driver", /\bdummy driver\b|\bplaceholder driver\b/i],
  ["VM", /\bvirtual machine\b/i],
  ["host driver", /\bnative driver\b|\boriginal driver\b/i],
  ["boot loader", /\bbootloader\b/i],
  ["command line", /\bcommandline\b|(?<![/-])\bcmdline\b/i],
  ["cannot", /\bcan not\b|\bcan't\b|\bcouldn't\b|\bdoesn't\b|\bisn't\b|\bwon't\b/i],
  ["no first person", /\b(?:we|us|our|ours|I)\b/],
  ["plain words", /\b(?:facts|wish|judgement|planner|serialis\w+|payload|invalid|illegal)\b/i],
];

function sourcesOf(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => path.join(folder, file));
}

/** The texts of a file that read like prose, with the lines that they stand in: one line, with three words in a row. */
function proseOf(file: string): readonly (readonly [place: string, text: string])[] {
  const source = ts.createSourceFile(file, readFileSync(path.join(ROOT, file), "utf8"), ts.ScriptTarget.ES2022, true);
  const texts: [string, string][] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node);
    if (text !== undefined && isProse(text))
      texts.push([`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`, text]);
    if (text === undefined || ts.isTemplateExpression(node)) ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** With `…` for what is not known before it runs. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
  const parts = [textOf(node.left), textOf(node.right)];
  return parts.every((part) => part === undefined) ? undefined : parts.map((part) => part ?? "…").join("");
}

function isProse(text: string): boolean {
  return (
    !text.includes("\n") && /\b[a-z]+,? [a-z]+ [a-z]+\b/.test(text) && !/^\s*\[|[|&;] |\$\d|echo |grep |2>/.test(text)
  );
}

const PROSE = FOLDERS.flatMap(sourcesOf).flatMap(proseOf);

test("there are texts to look at", () => {
  expect(PROSE.length).toBeGreaterThan(800);
});

test.each(WORDS)("texts for people have one word for one thing: %s", (_, others) => {
  expect(PROSE.filter(([, text]) => others.test(text)).join("\n")).toBe("");
});

test("no text has a slip in its punctuation", () => {
  const slip = / {2}|\.\.(?!\.)|\. \.|,,| [.,;](?: |$)|[^:)] $/;
  expect(PROSE.filter(([, text]) => slip.test(text)).join("\n")).toBe("");
});

test("no text that people read first has more than two lines of a wide terminal", () => {
  expect(PROSE.filter(([, text]) => text.length > 320).join("\n")).toBe("");
});
