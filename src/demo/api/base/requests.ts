/** Who asks. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** What every write takes beside the object. */
export interface WriteOptions {
  readonly user: User;
  /** Recorded in managedFields. */
  readonly manager: string;
  /** Everything but storing it. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Keys that the body's text gave twice. */
  readonly duplicateFields?: readonly string[];
  /** Collects what the answer's `Warning` headers tell. */
  readonly warn: (message: string) => void;
}

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteRequest {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagation?: Propagation | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly dryRun: boolean;
}

export interface ListRequest {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continueToken?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
  /** Of a watch: what is there first, and a bookmark after it. */
  readonly sendInitialEvents?: boolean | undefined;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface PatchRequest {
  readonly type: PatchType;
  readonly body: unknown;
  /** Server-side apply takes fields over from other managers. */
  readonly force: boolean;
}
