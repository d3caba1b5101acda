import { type handleUnaryCall, status } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Failure } from "../../resources/input-failures";
import type { Log } from "../../resources/log";
import { parseUrn } from "../../resources/urn";
import { constructPassthrough } from "./component";
import { readConfiguration } from "./configuration";
import type { Change } from "./input-differences";
import type { Plugin } from "./plugin";
import { topName } from "./plugin-resource";
import { readBag, redacted, type SecretPath, type Unmarked, writeBag } from "./property-bag";
import { tokenOf } from "./schema/object-spec";
import { packageSchema } from "./schema/package-schema";

/** What the service needs beside the plugin. */
export interface ServiceOptions {
  readonly version: string;
  /** Lines for the engine at an address. */
  readonly logTo: (address: string) => Log;
}

const NOTHING: Unmarked = { values: {}, secrets: new Set() };

/**
 * The engine's service `pulumirpc.ResourceProvider` (pulumi/pulumi, proto/pulumi/provider.proto, v3.248). What is not here
 * is answered with UNIMPLEMENTED by gRPC.
 */
export function pluginService(plugin: Plugin, { version, logTo }: ServiceOptions) {
  const typed = (request: { getType(): string; getUrn(): string }) => ({
    resource: plugin.ofType(request.getType() || typeOf(request.getUrn())),
    urn: parseUrn(request.getUrn()),
  });

  return {
    handshake: unary(async (request: pb.ProviderHandshakeRequest) => {
      plugin.log = logTo(request.getEngineAddress());
      return new pb.ProviderHandshakeResponse().setAcceptSecrets(true);
    }),

    /** For a plugin that runs already (PULUMI_DEBUG_PROVIDERS). */
    attach: unary(async (request: { getAddress(): string }) => {
      plugin.log = logTo(request.getAddress());
      return new Empty();
    }),

    getPluginInfo: unary(async () => new PluginInfo().setVersion(version)),

    getSchema: unary(async () => new pb.GetSchemaResponse().setSchema(JSON.stringify(packageSchema(version)))),

    checkConfig: unary(async (request: pb.CheckRequest) => {
      const news = readBag(request.getNews());
      const { failures } = readConfiguration(news.values);
      return new pb.CheckResponse()
        .setInputs(writeBag(news.values, news.secrets))
        .setFailuresList(failures.map((failure) => failureOf(failure, news)));
    }),

    /** No configuration replaces a provider: that would replace all of its resources. */
    diffConfig: unary(async () => new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_UNKNOWN)),

    configure: unary(async (request: pb.ConfigureRequest) => {
      const args = readBag(request.getArgs());
      await withoutSecrets([args], async () => plugin.configure(args.values));
      // An engine before Handshake (3.143) reads these.
      return new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),

    check: unary(async (request: pb.CheckRequest) => {
      const { resource, urn } = typed(request);
      const news = readBag(request.getNews());
      const { inputs, failures } = resource.check(urn, news.values);
      return new pb.CheckResponse()
        .setInputs(writeBag(inputs, news.secrets))
        .setFailuresList(failures.map((failure) => failureOf(failure, news)));
    }),

    diff: unary(async (request: pb.DiffRequest) => {
      const { resource, urn } = typed(request);
      const [olds, oldInputs, news] = [request.getOlds(), request.getOldInputs(), request.getNews()].map(readBag);
      if (!olds || !oldInputs || !news) return new pb.DiffResponse();
      return withoutSecrets([olds, news], async () => {
        const difference = await resource.diff(
          urn,
          request.getId(),
          olds.values,
          request.hasOldInputs() ? oldInputs.values : olds.values,
          news.values,
          plugin.signal(0),
        );
        if (!difference.isChanged) return new pb.DiffResponse().setChanges(pb.DiffResponse.DiffChanges.DIFF_NONE);
        const { replaces, changes } = difference;
        const response = new pb.DiffResponse()
          .setChanges(pb.DiffResponse.DiffChanges.DIFF_SOME)
          .setReplacesList([...replaces])
          .setDeletebeforereplace(true)
          .setDiffsList([...new Set([...changes.keys()].map(topName))])
          .setHasdetaileddiff(changes.size > 0);
        for (const [path, change] of changes)
          response
            .getDetaileddiffMap()
            .set(
              path,
              new pb.PropertyDiff().setKind(kindOf(change, replaces.includes(topName(path)))).setInputdiff(true),
            );
        return response;
      });
    }),

    create: unary(async (request: pb.CreateRequest) => {
      const { resource, urn } = typed(request);
      const inputs = readBag(request.getProperties());
      return withoutSecrets([inputs], async () => {
        const signal = plugin.signal(request.getTimeout());
        const { id, properties } = await resource.create(urn, inputs.values, request.getPreview(), signal);
        return new pb.CreateResponse()
          .setId(id)
          .setProperties(writeBag(properties, inputs.secrets))
          .setRefreshBeforeUpdate(true);
      });
    }),

    read: unary(async (request: pb.ReadRequest) => {
      const { resource, urn } = typed(request);
      const [olds = NOTHING, inputs = NOTHING] = [request.getProperties(), request.getInputs()].map(readBag);
      const secrets = both(olds, inputs);
      return withoutSecrets([olds, inputs], async () => {
        const signal = plugin.signal(request.getTimeout());
        // Import gives nothing, and .get() what the program says: the state of neither has the token of a claim.
        const found =
          olds.values.__claim === undefined
            ? await resource.import(urn, request.getId(), olds.values, signal)
            : await resource.read(urn, request.getId(), olds.values, inputs.values, signal);
        if (!found) return new pb.ReadResponse();
        return new pb.ReadResponse()
          .setId(found.id)
          .setProperties(writeBag(found.properties, secrets))
          .setInputs(writeBag(found.inputs, secrets))
          .setRefreshBeforeUpdate(true);
      });
    }),

    update: unary(async (request: pb.UpdateRequest) => {
      const { resource, urn } = typed(request);
      const [olds = NOTHING, news = NOTHING] = [request.getOlds(), request.getNews()].map(readBag);
      return withoutSecrets([olds, news], async () => {
        const signal = plugin.signal(request.getTimeout());
        const properties = await resource.update(
          urn,
          request.getId(),
          olds.values,
          news.values,
          request.getPreview(),
          signal,
        );
        return new pb.UpdateResponse().setProperties(writeBag(properties, news.secrets)).setRefreshBeforeUpdate(true);
      });
    }),

    delete: unary(async (request: pb.DeleteRequest) => {
      const { resource, urn } = typed(request);
      const olds = readBag(request.getProperties());
      await withoutSecrets([olds], () =>
        resource.delete(urn, request.getId(), olds.values, plugin.signal(request.getTimeout())),
      );
      return new Empty();
    }),

    invoke: unary(async (request: pb.InvokeRequest) => {
      if (request.getTok() !== tokenOf("getPciDevices"))
        throw new Error(`the package pci-passthrough has no function ${request.getTok()}`);
      const args = readBag(request.getArgs());
      return withoutSecrets([args], async () =>
        new pb.InvokeResponse().setReturn(writeBag(await plugin.getPciDevices(args.values), new Set())),
      );
    }),

    construct: unary(async (request: pb.ConstructRequest) => {
      if (request.getType() !== tokenOf("PciPassthrough"))
        throw new Error(`the package pci-passthrough has no component ${request.getType()}`);
      return withoutSecrets([readBag(request.getInputs())], () =>
        constructPassthrough(request, version, (bag) => plugin.meant(bag)),
      );
    }),

    cancel: unary(async () => {
      plugin.cancel();
      return new Empty();
    }),
  };
}

/** Answers a call; an error becomes its message alone, which the engine shows under the resource. */
function unary<Request, Response>(answer: (request: Request) => Promise<Response>): handleUnaryCall<Request, Response> {
  return ({ request }, callback) => {
    answer(request).then(
      (response) => callback(null, response),
      (error: unknown) =>
        callback({ code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
    );
  };
}

/** What a call throws does not say what came in secret. */
async function withoutSecrets<T>(bags: readonly Unmarked[], call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(bags.reduce((text, bag) => redacted(text, bag), message));
  }
}

function both(a: Unmarked, b: Unmarked): ReadonlySet<SecretPath> {
  return new Set([...a.secrets, ...b.secrets]);
}

function failureOf({ property, reason }: Failure, bag: Unmarked): pb.CheckFailure {
  return new pb.CheckFailure().setProperty(property).setReason(redacted(reason, bag));
}

function kindOf(change: Change, isReplaced: boolean): pb.PropertyDiff.Kind {
  const { Kind } = pb.PropertyDiff;
  switch (change) {
    case "add":
      return isReplaced ? Kind.ADD_REPLACE : Kind.ADD;
    case "delete":
      return isReplaced ? Kind.DELETE_REPLACE : Kind.DELETE;
    case "update":
      return isReplaced ? Kind.UPDATE_REPLACE : Kind.UPDATE;
  }
}

/** The type in a URN, for an engine before 3.132, which does not name it by itself. */
function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}
