// How much of a result file is read. The files are from outside: a few kB of gzip can hold gigabytes of anything.

/** Parts of JSON that lie deeper are left out. Results nest less than a dozen levels, and each open level costs memory. */
export const DEEPEST_LEVEL = 64;

/** Keys and strings of JSON that are longer, in bytes, are left out. What is shown is names; prompts and answers are no figures. */
export const LONGEST_STRING = 1 << 20;

/** A number or word of JSON that goes on for longer, in bytes, is none. Python's longest integers have 4300 digits. */
export const LONGEST_SCALAR = 8 << 10;

/** Bytes of a file, inflated. The largest real ones are some hundred MB; this is half a minute of reading. */
export const LARGEST_FILE = 4 * 2 ** 30;

/** Bytes of a tool's printed output that are looked through, from its end: there stand the tables. */
export const LARGEST_TEXT = 32 << 20;

/** Bytes of a report in YAML. Real ones are some kB, and a parser of YAML needs a hundred times its text. */
export const LARGEST_YAML = 1 << 20;

/** Characters of a printed row that was wrapped over several lines; what goes on for longer is no table. */
export const LONGEST_ROW = 4096;
