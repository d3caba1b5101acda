/** What the host or one of its programs printed is not ours, and may have any number of lines. */
const SAID = /(?:[Ss]aid|says|reported)(?: that)?: [\s\S]*$/;

/** Marks of a value that was never meant for people. */
const LEAKED = /\bundefined\b|\bNaN\b|\[object |\n {4}at |\$\{/;

/**
 * What is wrong with a message that says what was not done, empty where nothing is: it says unable to do what and on which
 * host, has a line for each reason, ends like a sentence, and shows nothing of the program.
 */
export function faultsOf(message: string, host: string): readonly string[] {
  const lines = message
    .replace(SAID, "")
    .split("\n")
    .filter((line) => !line.startsWith("    "));
  const [first = ""] = lines;
  return [
    ...(/^(Unable to|Lost the connection to) /.test(first) ? [] : ["does not begin with what was not done"]),
    ...(first.includes(host) ? [] : ["does not name the host"]),
    ...(lines.length <= 2 ? [] : ["has more than two lines"]),
    ...(endsLikeSentence(message) ? [] : ["does not end like a sentence"]),
    ...(LEAKED.test(message) ? ["shows a value of the program"] : []),
    ...(/ {2}|\.\.(?!\.)|\. \.|,,|: ?:| [.,;:](?: |$)/.test(first) ? ["has a slip in its punctuation"] : []),
  ];
}

/** With a stop, or with lines that are to be copied. */
export function endsLikeSentence(text: string): boolean {
  return /[.?!]$|\n {4}[^\n]*$/.test(text);
}
