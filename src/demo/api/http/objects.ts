import { denied } from '../auth/authorizer.ts';
import type { ApiCore } from '../verbs/core.ts';
import { rulesOf } from '../catalogue/kinds.ts';
import type { ApiObject } from '../base/object.ts';
import { patchType } from '../verbs/patches.ts';
import { getObject, listObjects } from '../verbs/reads.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { PatchType } from '../base/requests.ts';
import { invalid, methodNotAllowed } from '../base/status.ts';
import { keyOf } from '../storage/store.ts';
import { metadataList, metadataOnly, objectList, toTable } from '../tables/table.ts';
import type { Target } from '../verbs/writes.ts';
import type { Exchange } from './exchange.ts';
import { deleteOptions, listOptions, requireBody, writeOptions } from './options.ts';
import type { ResourceRequest } from './request-info.ts';
import { includeObject, streamWatch } from './watch-stream.ts';

/** The verbs of a resource and of those subresources that are views of the object itself (status, resize…). */
export async function serveObjects(
  core: ApiCore,
  resource: ServedResource,
  about: ResourceRequest,
  exchange: Exchange,
): Promise<void> {
  const verbs: readonly string[] =
    about.subresource === '' ? resource.verbs : (resource.subresources.get(about.subresource)?.entry.verbs ?? []);
  if (!verbs.includes(about.verb) || !fitsPath(about)) throw methodNotAllowed();
  const target: Target = { resource, namespace: about.namespace, name: about.name, subresource: about.subresource };
  switch (about.verb) {
    case 'get':
      exchange.negotiated();
      sendObject(core, resource, exchange, 200, getObject(core.store, resource, about.namespace, about.name));
      return;
    case 'list':
      sendList(core, resource, about, exchange);
      return;
    case 'watch':
      streamWatch(
        core,
        resource,
        { ...listOptions(exchange, about), allowBookmarks: exchange.flag('allowWatchBookmarks') === true },
        exchange,
      );
      return;
    case 'create': {
      const body = requireBody(await exchange.body());
      sendObject(
        core,
        resource,
        exchange,
        201,
        core.writer.create(resource, about.namespace, body.value, writeOptions(exchange, body)),
      );
      return;
    }
    case 'update': {
      const body = requireBody(await exchange.body());
      if (about.subresource === '' && rulesOf(resource).createsOnUpdate)
        authorizeCreation(core, resource, about, exchange);
      const { object, created } = core.writer.update(target, body.value, writeOptions(exchange, body));
      sendObject(core, resource, exchange, created ? 201 : 200, object);
      return;
    }
    case 'patch': {
      const body = requireBody(await exchange.body());
      const type = patchType(resource, body.contentType);
      if (type === 'apply') authorizeCreation(core, resource, about, exchange);
      const { object, created } = core.writer.patch(
        target,
        { type, body: body.value, force: forced(exchange, type) },
        writeOptions(exchange, body),
      );
      sendObject(core, resource, exchange, created ? 201 : 200, object);
      return;
    }
    case 'delete': {
      const body = await exchange.body();
      const { object, gone } = core.deleter.delete(
        resource,
        about.namespace,
        about.name,
        deleteOptions(exchange, body?.value),
        exchange.user,
      );
      if (!gone || rulesOf(resource).returnsDeleted) sendObject(core, resource, exchange, 200, object);
      else exchange.send(200, deletedStatus(resource, object));
      return;
    }
    case 'deletecollection': {
      const body = await exchange.body();
      const request = deleteOptions(exchange, body?.value);
      const { items, resourceVersion } = listObjects(core.store, resource, listOptions(exchange, about));
      for (const object of items)
        core.deleter.delete(resource, object.metadata.namespace, object.metadata.name, request, exchange.user);
      exchange.send(200, objectList(resource, items, { resourceVersion }));
    }
  }
}

/** Objects are created in their collection, and changed under their name. */
function fitsPath({ verb, name, subresource }: ResourceRequest): boolean {
  if (verb === 'create') return name === '' || subresource !== '';
  return name !== '' || (verb !== 'update' && verb !== 'patch');
}

/** An apply or update that makes the object needs the right to. */
function authorizeCreation(core: ApiCore, resource: ServedResource, about: ResourceRequest, exchange: Exchange): void {
  if (core.store.get(resource.collection, keyOf(about.namespace, about.name)) !== undefined) return;
  const wanted = { ...about, verb: 'create' };
  if (!core.authorizer.allows(exchange.user, wanted)) throw denied(exchange.user, wanted);
}

function sendObject(
  core: ApiCore,
  resource: ServedResource,
  exchange: Exchange,
  status: number,
  object: ApiObject,
): void {
  const { representation, yaml } = exchange.negotiated();
  const body =
    representation === 'table'
      ? toTable(resource, [object], core.clock.now(), includeObject(exchange), {
          resourceVersion: object.metadata.resourceVersion,
        })
      : representation === 'metadata'
        ? metadataOnly(object)
        : object;
  exchange.send(status, body, yaml);
}

function sendList(core: ApiCore, resource: ServedResource, about: ResourceRequest, exchange: Exchange): void {
  const { representation, yaml } = exchange.negotiated();
  const { items, resourceVersion, continueToken, remainingItemCount } = listObjects(
    core.store,
    resource,
    listOptions(exchange, about),
  );
  const meta = {
    resourceVersion,
    ...(continueToken === undefined ? {} : { continue: continueToken }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
  const body =
    representation === 'table'
      ? toTable(resource, items, core.clock.now(), includeObject(exchange), meta)
      : representation === 'metadata'
        ? metadataList(items, meta)
        : objectList(resource, items, meta);
  exchange.send(200, body, yaml);
}

function deletedStatus(resource: ServedResource, object: ApiObject): unknown {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: object.metadata.name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
      uid: object.metadata.uid,
    },
  };
}

/** Only server-side apply may take fields over. */
function forced(exchange: Exchange, type: PatchType): boolean {
  const force = exchange.flag('force');
  if (force === undefined || type === 'apply') return force === true;
  throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [
    { path: 'force', reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified for non-apply patch' },
  ]);
}
