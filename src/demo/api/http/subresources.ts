import { arrayAt, isObject, stringAt } from '../../../base/json.ts';
import type { ApiCore } from '../verbs/core.ts';
import { cloneJson, type ApiObject } from '../base/object.ts';
import { getObject } from '../verbs/reads.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import { mergePatch, jsonPatch } from '../schema/index.ts';
import { methodNotAllowed, pathNotFound } from '../base/status.ts';
import { bindPod, evictPod } from '../subresources/pods.ts';
import { scaleOf, withScale } from '../verbs/scale.ts';
import { issueToken } from '../subresources/token.ts';
import type { Exchange } from './exchange.ts';
import { serveObjects } from './objects.ts';
import { requireBody, writeOptions } from './options.ts';
import type { ResourceRequest } from './request-info.ts';

/** Subresources with a body of another kind; the rest are views of the object itself. */
export async function serveSubresource(
  core: ApiCore,
  resource: ServedResource,
  about: ResourceRequest,
  exchange: Exchange,
): Promise<void> {
  if (!resource.subresources.has(about.subresource)) throw pathNotFound();
  switch (about.subresource) {
    case 'scale':
      return serveScale(core, resource, about, exchange);
    case 'binding':
    case 'eviction':
      return servePodAction(core, resource, about, exchange);
    case 'token':
      return serveToken(core, resource, about, exchange);
    case 'finalize':
      return serveFinalize(core, resource, about, exchange);
    default:
      return serveObjects(core, resource, about, exchange);
  }
}

async function serveScale(
  core: ApiCore,
  resource: ServedResource,
  about: ResourceRequest,
  exchange: Exchange,
): Promise<void> {
  const { yaml } = exchange.negotiated();
  if (about.verb === 'get') {
    exchange.send(200, scaleOf(resource, getObject(core.store, resource, about.namespace, about.name)), yaml);
    return;
  }
  if (about.verb !== 'update' && about.verb !== 'patch') throw methodNotAllowed();
  const body = requireBody(await exchange.body());
  const target = { resource, namespace: about.namespace, name: about.name, subresource: 'scale' };
  const wanted = (current: ApiObject): unknown => {
    if (about.verb === 'update') return body.value;
    const scale = scaleOf(resource, current);
    return body.contentType === 'application/json-patch+json'
      ? jsonPatch(scale, body.value)
      : mergePatch(scale, body.value);
  };
  const changed = core.writer.modify(
    target,
    (current) => withScale(resource, current, wanted(current)),
    writeOptions(exchange, body),
  );
  exchange.send(200, scaleOf(resource, changed), yaml);
}

async function servePodAction(
  core: ApiCore,
  resource: ServedResource,
  about: ResourceRequest,
  exchange: Exchange,
): Promise<void> {
  if (about.verb !== 'create') throw methodNotAllowed();
  const body = requireBody(await exchange.body());
  const act = about.subresource === 'binding' ? bindPod : evictPod;
  exchange.send(201, act(core, resource, about.namespace, about.name, body.value, writeOptions(exchange, body)));
}

async function serveToken(
  core: ApiCore,
  resource: ServedResource,
  about: ResourceRequest,
  exchange: Exchange,
): Promise<void> {
  if (about.verb !== 'create') throw methodNotAllowed();
  const body = requireBody(await exchange.body());
  exchange.send(201, issueToken(core, getObject(core.store, resource, about.namespace, about.name), body.value));
}

/** Replaces a namespace's own finalizers, as a controller does that has emptied its part of it. */
async function serveFinalize(
  core: ApiCore,
  resource: ServedResource,
  about: ResourceRequest,
  exchange: Exchange,
): Promise<void> {
  const body = requireBody(await exchange.body());
  const finalizers = arrayAt(body.value, 'spec', 'finalizers').filter((item) => typeof item === 'string');
  const target = { resource, namespace: undefined, name: about.name, subresource: 'finalize' };
  const changed = core.writer.modify(
    target,
    (current) => {
      const next = cloneJson(current);
      next['spec'] = { ...(isObject(next['spec']) ? next['spec'] : {}), finalizers };
      const version = stringAt(body.value, 'metadata', 'resourceVersion');
      if (version) next.metadata.resourceVersion = version;
      return next;
    },
    writeOptions(exchange, body),
  );
  exchange.send(200, changed);
}
