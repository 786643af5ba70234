import { isWorkbenchError } from '../../../base/errors.ts';
import type { ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { PatchRequest, PatchType } from '../base/requests.ts';
import { jsonPatch, mergePatch, strategicMerge } from '../schema/index.ts';
import { ApiError, badRequest, unroutedMediaType, unsupportedMediaType, untypedError } from '../base/status.ts';

export const strategicPatchType = 'application/strategic-merge-patch+json';

const byContentType: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  [strategicPatchType]: 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export const patchContentTypes = Object.keys(byContentType);

/** The kind of patch that a content type names; custom resources know no strategic merge. */
export function patchType(resource: ServedResource, contentType: string): PatchType {
  const type = byContentType[contentType];
  if (type === undefined && resource.custom === undefined) throw unroutedMediaType();
  if (type === undefined || (type === 'strategic' && resource.custom !== undefined))
    throw unsupportedMediaType(patchContentTypes.filter((name) => name !== strategicPatchType));
  return type;
}

/** The object after the patch, not yet looked at. */
export function applyPatch(resource: ServedResource, current: ApiObject, patch: PatchRequest): unknown {
  try {
    switch (patch.type) {
      case 'json':
        return jsonPatch(current, patch.body);
      case 'merge':
        return mergePatch(current, patch.body);
      case 'strategic':
        return resource.schema === undefined
          ? mergePatch(current, patch.body)
          : strategicMerge(resource.schema, current, patch.body);
      case 'apply':
        throw badRequest('an apply patch is merged by field managers');
    }
  } catch (error) {
    if (isWorkbenchError(error, 'bad-usage')) throw badRequest(error.message);
    if (isWorkbenchError(error, 'internal')) throw untypedError(error.message);
    if (isWorkbenchError(error, 'invalid'))
      throw new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
    throw error;
  }
}
