/** Whether nothing is known of a value: it is `unknown`, or that without null and undefined. */
type IsOpen<T> = unknown extends T | null | undefined ? true : false;

/** Keys that may be there in what a value may be: none of a list, of a text or of a number. */
type Keys<T> = T extends readonly unknown[] ? never : T extends object ? keyof T & string : never;

/** What may stand under a key; `unknown` under any key of what is not known. */
type Under<T, K extends string> =
  IsOpen<T> extends true
    ? unknown
    : T extends readonly unknown[]
      ? never
      : T extends object
        ? K extends keyof T
          ? Exclude<T[K], undefined>
          : never
        : never;

/** What may stand at the end of a path of keys. */
export type ValueAt<T, Path extends readonly string[]> = Path extends readonly [
  infer K extends string,
  ...infer Rest extends readonly string[],
]
  ? ValueAt<Under<T, K>, Rest>
  : T;

/** What the items of a list may be. */
export type Item<T> = IsOpen<T> extends true ? unknown : T extends readonly (infer Each)[] ? Each : never;

/** Whether a value may be a `Leaf`; of what is not known it may. */
type MayBe<T, Leaf> = IsOpen<T> extends true ? true : [Extract<T, Leaf>] extends [never] ? false : true;

/** Of a known object, the keys under which a `Leaf` may stand. */
type LeafKeys<T, Leaf> = { [K in Keys<T>]: MayBe<Under<T, K>, Leaf> extends true ? K : never }[Keys<T>] & string;

/**
 * The path itself where it leads to a `Leaf` in what is known of the value. A wrong one comes out with the keys that are
 * right, so that the compiler names them.
 */
export type PathTo<Leaf, T, Path extends readonly string[]> =
  IsOpen<T> extends true
    ? Path
    : Path extends readonly []
      ? Path
      : Path extends readonly [infer K extends string]
        ? [K] extends [LeafKeys<T, Leaf>]
          ? Path
          : readonly [LeafKeys<T, Leaf>]
        : Path extends readonly [infer K extends string, ...infer Rest extends readonly string[]]
          ? [K] extends [Keys<T>]
            ? readonly [K, ...PathTo<Leaf, Under<T, K>, Rest>]
            : readonly [Keys<T>, ...Rest]
          : readonly Keys<T>[];
