import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderClient, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Plugin, type PluginSurroundings } from "../../../provider/adapters/plugin/plugin";
import { pluginService } from "../../../provider/adapters/plugin/service";
import type { ResourceKind } from "../../../provider/claims/claim-key";
import type { Bag } from "../../../provider/plan/kind";
import { collectedLog } from "../../resources/collected-log";
import type { FakeHost } from "../../resources/fake-host";

const KEY = "4dabf18193072939515e22adb298388d";

/** A value as the engine marks secrets. */
export const secret = (value: unknown) => ({ [KEY]: "1b47061264138c4ac30d75fd1eb44270", value });
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface InState {
  readonly id: string;
  readonly properties: Bag;
  readonly inputs: Bag;
}

/** The engine's side of a plugin that runs in this process, on a host that is nothing but facts. */
export class PluginClient {
  /** What the user was shown: the name of the resource, and the line. */
  readonly lines: (readonly [string, string])[] = [];
  private client: ResourceProviderClient | undefined;
  private server: Server | undefined;

  constructor(private readonly host: Pick<FakeHost, "hostFor" | "env">) {}

  async start(configuration: Bag = {}): Promise<this> {
    const log = collectedLog((text, urn) => this.lines.push([urn?.name ?? "", text]), "status: ");
    const surroundings: PluginSurroundings = { hostFor: this.host.hostFor, env: this.host.env };
    const server = new Server();
    server.addService(
      ResourceProviderService,
      pluginService(new Plugin(surroundings), { version: "0.1.0", logTo: () => log }),
    );
    const port = await new Promise<number>((done, fail) =>
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error ? fail(error) : done(port),
      ),
    );
    this.server = server;
    this.client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    await this.call("handshake", new pb.ProviderHandshakeRequest().setEngineAddress("127.0.0.1:1"));
    await this.call("configure", new pb.ConfigureRequest().setArgs(struct(configuration)));
    return this;
  }

  stop(): void {
    this.client?.close();
    this.server?.forceShutdown();
  }

  // biome-ignore lint/suspicious/noExplicitAny: the client has one method a request type
  call(method: string, request: unknown): Promise<any> {
    // biome-ignore lint/suspicious/noExplicitAny: see above
    const client = this.client as any;
    return new Promise((done, fail) =>
      client[method](request, (error: { details: string } | null, response: unknown) =>
        error ? fail(new Error(error.details)) : done(response),
      ),
    );
  }

  async check(kind: ResourceKind, news: Bag, name = "nic") {
    const response: pb.CheckResponse = await this.call(
      "check",
      new pb.CheckRequest().setUrn(urn(kind, name)).setNews(struct(news)),
    );
    return {
      inputs: bag(response.getInputs()),
      failures: response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
    };
  }

  async create(kind: ResourceKind, inputs: Bag, { preview = false, name = "nic", timeout = 0 } = {}): Promise<InState> {
    const checked = await this.check(kind, inputs, name);
    if (checked.failures.length > 0) throw new Error(JSON.stringify(checked.failures));
    const request = new pb.CreateRequest()
      .setUrn(urn(kind, name))
      .setProperties(struct(checked.inputs))
      .setPreview(preview);
    const response: pb.CreateResponse = await this.call("create", request.setTimeout(timeout));
    return { id: response.getId(), properties: bag(response.getProperties()), inputs: checked.inputs };
  }

  async diff(kind: ResourceKind, state: InState, news: Bag, name = "nic") {
    const { inputs } = await this.check(kind, news, name);
    const response: pb.DiffResponse = await this.call(
      "diff",
      new pb.DiffRequest()
        .setUrn(urn(kind, name))
        .setId(state.id)
        .setOlds(struct(state.properties))
        .setOldInputs(struct(state.inputs))
        .setNews(struct(inputs)),
    );
    const kinds = Object.entries(pb.PropertyDiff.Kind);
    const detailed: Record<string, string | undefined> = {};
    response.getDetaileddiffMap().forEach((diff, path) => {
      detailed[path] = kinds.find(([, value]) => value === diff.getKind())?.[0];
    });
    return {
      isChanged: response.getChanges() === pb.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      detailed,
    };
  }

  async update(
    kind: ResourceKind,
    state: InState,
    news: Bag,
    { preview = false, name = "nic" } = {},
  ): Promise<InState> {
    const { inputs } = await this.check(kind, news, name);
    const response: pb.UpdateResponse = await this.call(
      "update",
      new pb.UpdateRequest()
        .setUrn(urn(kind, name))
        .setId(state.id)
        .setOlds(struct(state.properties))
        .setOldInputs(struct(state.inputs))
        .setNews(struct(inputs))
        .setPreview(preview),
    );
    return { id: state.id, properties: bag(response.getProperties()), inputs };
  }

  /** With a state as refresh does; without one as import does. Undefined when nothing is left. */
  async read(kind: ResourceKind, id: string, state?: InState, name = "nic"): Promise<InState | undefined> {
    const request = new pb.ReadRequest().setUrn(urn(kind, name)).setId(id);
    if (state) request.setProperties(struct(state.properties)).setInputs(struct(state.inputs));
    const response: pb.ReadResponse = await this.call("read", request);
    if (response.getId() === "") return undefined;
    return { id: response.getId(), properties: bag(response.getProperties()), inputs: bag(response.getInputs()) };
  }

  async delete(kind: ResourceKind, state: InState, name = "nic"): Promise<void> {
    const request = new pb.DeleteRequest().setUrn(urn(kind, name)).setId(state.id);
    await this.call("delete", request.setProperties(struct(state.properties)).setOldInputs(struct(state.inputs)));
  }

  async getPciDevices(args: Bag): Promise<Bag> {
    const request = new pb.InvokeRequest().setTok("pci-passthrough:index:getPciDevices").setArgs(struct(args));
    const response: pb.InvokeResponse = await this.call("invoke", request);
    return bag(response.getReturn());
  }

  cancel(): Promise<unknown> {
    return this.call("cancel", new Empty());
  }
}

export function urn(kind: ResourceKind, name: string): string {
  return `urn:pulumi:dev::test::pci-passthrough:index:${kind}::${name}`;
}

export function struct(values: Bag): Struct {
  return Struct.fromJavaScript(values as Parameters<typeof Struct.fromJavaScript>[0]);
}

export function bag(values: Struct | undefined): Bag {
  return (values?.toJavaScript() ?? {}) as Bag;
}
