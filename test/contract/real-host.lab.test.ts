import { bootLab } from "../lab/lab-host";
import { contract } from "./contract";
import { output, type TestHost } from "./test-host";

// Under QEMU's emulation of Xen a program of the host crashes now and then; what fails twice, on a host of its own, is
// ours.
jest.retryTimes(1, { logErrorsBeforeRetry: true });

contract(() => bootLab({ mode: "xen" }), { timeoutMs: 30 * 60_000, withSudoUser });

async function withSudoUser(host: TestHost): Promise<TestHost> {
  await output(
    host,
    `useradd --create-home admin &&
cp -r /root/.ssh /home/admin/ && chown -R admin: /home/admin/.ssh &&
echo 'admin ALL=(root) NOPASSWD: /bin/sh' > /etc/sudoers.d/admin`,
  );
  return { ...host, user: "admin", sudo: true };
}
