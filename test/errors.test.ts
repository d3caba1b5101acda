import { inspect } from "node:util";
import { ConnectionError, PassthroughError, sentence, toCopy, unable } from "../provider/errors";

test("a message says what could not be done, where and why", () => {
  const reason = "no such device";
  expect(unable({ purpose: "make 04:00.0 assignable", host: "xen1", reason })).toBe(
    "Unable to make 04:00.0 assignable on xen1: no such device.",
  );
  expect(unable({ purpose: "reach xen1 port 22", reason })).toBe("Unable to reach xen1 port 22: no such device.");
});

test("it ends with one period, but a line that is to be copied has none", () => {
  const [question, key] = [
    'the host has no VM "wob": did you mean "web"?',
    `Add this line to known_hosts:${toCopy("xen1 AAAA=")}`,
  ];
  expect([question, key, "gone.", "gone"].map(sentence)).toEqual([question, key, "gone.", "gone."]);
});

test("an error carries what is known, and shows nothing of what is not", () => {
  const cause = new Error("exit code 1");
  const details = { host: "xen1", device: "0000:04:00.0", guard: undefined, cause };
  const error = new PassthroughError("refused", details);
  expect(error).toMatchObject({ message: "refused", host: "xen1", device: "0000:04:00.0", cause });
  expect(Object.keys(error).sort()).toEqual(["device", "host", "name"]);
  expect(inspect(error)).not.toContain("undefined");
});

test("a connection error carries them too, beside its failure", () => {
  const error = new ConnectionError("cut", "lost xen1", { purpose: "run a script", host: "xen1" });
  expect(error).toMatchObject({ failure: "cut", purpose: "run a script", host: "xen1", unreached: false });
  expect(error).toBeInstanceOf(PassthroughError);
  expect(new PassthroughError("plain").cause).toBeUndefined();
});
