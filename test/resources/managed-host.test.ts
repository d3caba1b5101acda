import { NO_QUESTIONS } from "../../provider/resources/facts-cache";
import { ManagedHost } from "../../provider/resources/managed-host";
import { recordedAnswers } from "../recorded/recorded-facts";

/** A host that answers the facts script with this. */
function answering(stdout: string): ManagedHost {
  const run = async () => ({ stdout, stderr: "", exitCode: 0 });
  return new ManagedHost("xen1", async () => ({ name: "xen1", run }));
}

test("a damaged answer is refused with the host, the answer and what to do", async () => {
  const damaged = recordedAnswers("debian12-xen4.17").replace("0000:00:05.0\n", "0000:00:05\n");
  await expect(answering(damaged).facts("preview", NO_QUESTIONS)).rejects.toMatchObject({
    name: "UnreadableFactsError",
    host: "xen1",
    message:
      'Unable to read the state of xen1: the host\'s answer to "pci_devices" is garbled. Try again; if this ' +
      "persists, check that the profile of root's login shell neither prints nor exits.",
  });
});

test("an answer that a whole question is missing from is refused alike", async () => {
  const lacking = recordedAnswers("debian12-xen4.17").replace(/@selinux\n[^@]*/, "");
  await expect(answering(lacking).facts("preview", NO_QUESTIONS)).rejects.toThrow(
    /^Unable to read the state of xen1: the host's answer lacks "selinux"\. Try again;/,
  );
});
