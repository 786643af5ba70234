import type { ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { User } from '../base/requests.ts';

interface CreateReview {
  readonly resource: ServedResource;
  readonly object: ApiObject;
  readonly user: User;
  readonly dryRun: boolean;
}

interface UpdateReview extends CreateReview {
  readonly before: ApiObject;
  /** '' for the object itself. */
  readonly subresource: string;
}

interface DeleteReview {
  readonly resource: ServedResource;
  readonly object: ApiObject;
  readonly user: User;
}

/**
 * One rule of the server about some kinds. `prepare` fills in what the user left out, before validation; `approve` refuses
 * after it. Both throw an `ApiError` to refuse. `prepare` may change the object that it is given: it is the request's own copy.
 */
export interface AdmissionRule {
  readonly prepareCreate?: (review: CreateReview) => void;
  readonly prepareUpdate?: (review: UpdateReview) => void;
  readonly approveCreate?: (review: CreateReview) => void;
  readonly approveUpdate?: (review: UpdateReview) => void;
  readonly approveDelete?: (review: DeleteReview) => void;
}

/** All rules in their order. */
export class Admission {
  readonly #rules: readonly AdmissionRule[];

  constructor(rules: readonly AdmissionRule[]) {
    this.#rules = rules;
  }

  prepareCreate(review: CreateReview): ApiObject {
    for (const rule of this.#rules) rule.prepareCreate?.(review);
    return review.object;
  }

  prepareUpdate(review: UpdateReview): ApiObject {
    for (const rule of this.#rules) rule.prepareUpdate?.(review);
    return review.object;
  }

  approveCreate(review: CreateReview): void {
    for (const rule of this.#rules) rule.approveCreate?.(review);
  }

  approveUpdate(review: UpdateReview): void {
    for (const rule of this.#rules) rule.approveUpdate?.(review);
  }

  approveDelete(review: DeleteReview): void {
    for (const rule of this.#rules) rule.approveDelete?.(review);
  }
}
