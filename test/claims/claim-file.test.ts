import { CLAIM_VERSION, type Claim } from "../../provider/claims/claim";
import { claimPath, formatClaimFile, readClaimFile, removalPath } from "../../provider/claims/claim-file";
import { formatKey } from "../../provider/claims/claim-key";
import { target } from "../plan/recorded-host";

const CLAIM: Claim = {
  version: CLAIM_VERSION,
  token: "token-1",
  project: "test",
  stack: "dev",
  label: "nic",
  functions: [],
  entries: [],
};
const attachmentOf = (vm: string) => formatKey({ kind: "VmPciAttachment", target: target("01:00.0"), vm });

test.each([
  ["a uuid", "6a1c7a36-6fd4-4d5e-9a58-1c2b3a4d5e6f"],
  ["a name with a slash and a comma", "web/1,2"],
  ["36 CJK letters", "仮".repeat(36)],
  ["a name of 1,000 characters", "x".repeat(1000)],
])("the claim of a VM known by %s is found again, in a file that every file system takes", (_, vm) => {
  const key = attachmentOf(vm);
  expect(claimPath(key).split("/").at(-1)?.length).toBeLessThanOrEqual(200);
  expect(readClaimFile(claimPath(key), formatClaimFile(key, CLAIM))).toEqual({
    key,
    reading: { kind: "claim", claim: CLAIM },
  });
});

test("long names that begin alike have different files", () => {
  const [first, second] = ["a", "b"].map((end) => attachmentOf(`${"x".repeat(300)}${end}`));
  expect(claimPath(first ?? "")).not.toBe(claimPath(second ?? ""));
  expect(removalPath(first ?? "")).not.toBe(removalPath(second ?? ""));
});

test("a claim of a newer version is still known by its key", () => {
  const key = attachmentOf("仮".repeat(36));
  const newer = JSON.stringify({ version: CLAIM_VERSION + 1, key });
  expect(readClaimFile(claimPath(key), newer)).toEqual({ key, reading: { kind: "newer", version: CLAIM_VERSION + 1 } });
});
