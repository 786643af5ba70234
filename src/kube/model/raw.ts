/**
 * A model of `@kubernetes/client-node` as its JSON comes: every field may be missing, nothing is to be changed, dates are
 * text, and the underscore before the library's reserved words is gone (`_continue`). A type says what the API promises,
 * not what a server sent: read it through `base/json`, which takes the promised paths only and looks at what is there.
 */
export type Raw<T> = unknown extends T
  ? unknown
  : T extends Date
    ? string
    : T extends readonly (infer Item)[]
      ? readonly Raw<Item>[]
      : T extends object
        ? string extends keyof T
          ? { readonly [key: string]: Raw<T[keyof T]> }
          : Fields<T>
        : T;

/** The fields of a model, each as it comes. */
export type Fields<T> = { readonly [Name in keyof T as Name extends `_${infer Plain}` ? Plain : Name]?: Raw<T[Name]> };
