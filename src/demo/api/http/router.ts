import { deniedPath } from '../auth/authorizer.ts';
import { answerReview, isReview } from '../subresources/reviews.ts';
import type { ApiCore } from '../verbs/core.ts';
import { aggregatedDiscovery, apiGroup, apiGroupList, apiResourceList, apiVersions } from './discovery.ts';
import type { OpenApi } from './openapi.ts';
import type { ProtobufDecoder } from '../protobuf/decode.ts';
import { methodNotAllowed, notFound, pathNotFound } from '../base/status.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import { authorize } from './authorize.ts';
import { versionInfo } from './version.ts';
import type { Exchange } from './exchange.ts';
import { mediaTypes } from './negotiation.ts';
import { requireBody, writeOptions } from './options.ts';
import { serveObjects } from './objects.ts';
import { resourceRequest, type ResourceRequest } from './request-info.ts';
import { serveSubresource } from './subresources.ts';

/** Who answers for logs, exec, attach, port-forward and proxy. */
export interface KubeletRequests {
  serve(resource: ServedResource, about: ResourceRequest, exchange: Exchange): Promise<void>;
}

export interface RouterParts {
  readonly core: ApiCore;
  readonly openApi: OpenApi;
  readonly kubelets: KubeletRequests;
  readonly protobuf: ProtobufDecoder;
  readonly serverAddress: string;
}

/** What no API group is there to answer. */
const unroutedText = '404 page not found\n';

/** Subresources that a kubelet answers. */
const kubeletSubresources = new Set(['log', 'exec', 'attach', 'portforward', 'proxy']);

/** Finds who answers a request, after asking whether it is allowed. */
export async function route(parts: RouterParts, exchange: Exchange): Promise<void> {
  const about = resourceRequest(exchange.method, exchange.path, exchange.query);
  if (about === undefined) {
    servePath(parts, exchange);
    return;
  }
  authorize(parts.core, exchange.user, about);
  await serveResource(parts, about, exchange);
}

async function serveResource(parts: RouterParts, about: ResourceRequest, exchange: Exchange): Promise<void> {
  const { core } = parts;
  const resource = core.registry.find(about.group, about.version, about.plural);
  if (resource === undefined) {
    if (core.registry.versions(about.group).length > 0) throw pathNotFound();
    exchange.sendText(404, unroutedText, 'text/plain; charset=utf-8');
    return;
  }
  if (!resource.namespaced && about.namespace !== undefined) throw pathNotFound();
  if (isReview(resource)) {
    if (about.verb !== 'create') throw methodNotAllowed();
    const body = requireBody(await exchange.body());
    exchange.send(201, answerReview(core, resource, about.namespace, body.value, writeOptions(exchange, body)));
    return;
  }
  if (resource.plural === 'componentstatuses') throw notFound(resource, about.name);
  if (about.subresource === '') {
    await serveObjects(core, resource, about, exchange);
    return;
  }
  if (kubeletSubresources.has(about.subresource) && resource.subresources.has(about.subresource))
    await parts.kubelets.serve(resource, about, exchange);
  else await serveSubresource(core, resource, about, exchange);
}

function servePath(parts: RouterParts, exchange: Exchange): void {
  const { core, openApi } = parts;
  const { path, method, user } = exchange;
  if (!core.authorizer.allowsPath(user, method.toLowerCase(), path)) throw deniedPath(user, method.toLowerCase(), path);
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed();
  const segments = path.split('/').filter((segment) => segment !== '');
  switch (segments[0]) {
    case undefined:
      exchange.send(200, { paths: rootPaths(core) });
      return;
    case 'version':
      exchange.send(200, versionInfo);
      return;
    case 'healthz':
    case 'livez':
    case 'readyz':
      exchange.sendText(200, health(segments[0], exchange.flag('verbose') === true), 'text/plain; charset=utf-8');
      return;
    case 'api':
    case 'apis':
      exchange.send(200, discovery(parts, segments, exchange));
      return;
    case 'openapi':
      openApi.serve(segments.slice(1), exchange);
      return;
    default:
      exchange.sendText(404, unroutedText, 'text/plain; charset=utf-8');
  }
}

function discovery(parts: RouterParts, segments: readonly string[], exchange: Exchange): unknown {
  const { registry } = parts.core;
  const core = segments[0] === 'api';
  const [group = '', version] = core ? ['', segments[1]] : [segments[1], segments[2]];
  if (segments.length === 1) {
    const aggregated = mediaTypes(exchange.request.headers.accept).find(
      (media) => media.parameters.get('as') === 'APIGroupDiscoveryList' && media.parameters.get('v') === 'v2',
    );
    if (aggregated) {
      exchange.response.setHeader('Vary', 'Accept');
      exchange.contentType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
      return aggregatedDiscovery(registry, core);
    }
    return core ? apiVersions(parts.serverAddress) : apiGroupList(registry);
  }
  if (registry.versions(group).length === 0) throw pathNotFound();
  if (version === undefined) return apiGroup(registry, group);
  if (!registry.versions(group).includes(version)) throw pathNotFound();
  return apiResourceList(registry, group, version);
}

function rootPaths(core: ApiCore): readonly string[] {
  const groups = core.registry.groups().filter((group) => group !== '');
  const versions = groups.flatMap((group) => [
    `/apis/${group}`,
    ...core.registry.versions(group).map((version) => `/apis/${group}/${version}`),
  ]);
  return [
    '/api',
    '/api/v1',
    '/apis',
    ...versions,
    '/healthz',
    '/livez',
    '/openapi/v2',
    '/openapi/v3',
    '/readyz',
    '/version',
  ];
}

function health(check: string, verbose: boolean): string {
  return verbose ? `[+]ping ok\n[+]store ok\n${check} check passed\n` : 'ok';
}
