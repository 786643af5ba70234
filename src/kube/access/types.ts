/** One verb on one resource. `group` is '' for the core group; without a name, on any object of it. */
export interface AccessNeed {
  readonly verb: string;
  readonly group: string;
  /** The plural: `pods`. */
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

/** A grant: these verbs on these resources (`pods`, `pods/exec`, `*`) of these groups; `names` empty: on every object. */
export interface AccessRule {
  readonly verbs: readonly string[];
  readonly groups: readonly string[];
  readonly resources: readonly string[];
  readonly names: readonly string[];
}

/** Every grant that I have in a namespace; `incomplete` where an authorizer could not list its own. */
export interface AccessRules {
  readonly rules: readonly AccessRule[];
  readonly incomplete: boolean;
}
