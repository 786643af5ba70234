import { denied, type Attributes } from '../auth/authorizer.ts';
import type { User } from '../base/requests.ts';
import type { ApiCore } from '../verbs/core.ts';
import type { ResourceRequest } from './request-info.ts';

/** Throws the API server's refusal unless the user may do what the request asks for. */
export function authorize(core: ApiCore, user: User, about: ResourceRequest): void {
  const wanted: Attributes = {
    ...about,
    namespace: about.plural === 'namespaces' && about.group === '' && about.name !== '' ? about.name : about.namespace,
  };
  if (!core.authorizer.allows(user, wanted)) throw denied(user, { ...wanted, namespace: wanted.namespace });
}
