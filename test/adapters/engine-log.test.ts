import { credentials, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import { EngineClient, EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { type LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { engineLog } from "../../provider/adapters/engine-log";
import { parseUrn } from "../../provider/resources/urn";

const URN = parseUrn("urn:pulumi:dev::test::pci-passthrough:index:AssignableDevice::nic");

let server: Server;
let address: string;
const received: LogRequest[] = [];

beforeAll(async () => {
  server = new Server();
  server.addService(EngineService, {
    log({ request }: ServerUnaryCall<LogRequest, Empty>, done: sendUnaryData<Empty>) {
      received.push(request);
      done(null, new Empty());
    },
  });
  const port = await new Promise<number>((done, fail) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
      error ? fail(error) : done(port),
    ),
  );
  address = `127.0.0.1:${port}`;
});
afterAll(() => server.forceShutdown());

test("what a resource waits for is one line that changes; all else stays, under its resource", async () => {
  const engine = new EngineClient(address, credentials.createInsecure());
  const log = engineLog(() => engine);
  await log.status("xen1: waits for the lock", URN);
  await log.status("xen1: rebuilds the initramfs", URN);
  await log.info("xen1: the host is rebooted", URN);
  await log.warn("Unable to reach xen1.", URN);
  await log.info("Hosts that wait for a reboot: xen1");
  const { INFO, WARNING } = LogSeverity;
  expect(received.map((line) => [line.getSeverity(), line.getEphemeral(), line.getUrn() === URN.text])).toEqual([
    [INFO, true, true],
    [INFO, true, true],
    [INFO, false, true],
    [WARNING, false, true],
    [INFO, false, false],
  ]);
  const [first, second] = received.map((line) => line.getStreamid());
  expect([first, second]).toEqual([1, 1]);
});

test("without an engine nothing is shown, and nothing fails", async () => {
  await expect(engineLog(() => undefined).info("xen1: the host is rebooted", URN)).resolves.toBeUndefined();
});
