import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposables.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Admission } from '../admission/admission.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { Deleter } from './deletes.ts';
import type { Registry } from '../catalogue/registry.ts';
import type { Store } from '../storage/store.ts';
import type { Writer } from './writes.ts';

/** The parts of the server that the HTTP handlers, the controllers' door and the built-in controllers work with. */
export interface ApiCore {
  readonly store: Store;
  readonly registry: Registry;
  readonly admission: Admission;
  readonly writer: Writer;
  readonly deleter: Deleter;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells open watches that the server closes. */
  readonly closing: (listener: () => void) => Disposable;
}
