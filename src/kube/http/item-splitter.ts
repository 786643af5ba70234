const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;

/** Depth of brackets inside a list's `items`, inside one item, and inside its metadata. */
const ITEMS_DEPTH = 2;
const ITEM_DEPTH = 3;
const METADATA_DEPTH = 4;

const MANAGERS = Buffer.from('"managedFields"');

/**
 * Cuts the JSON of a Kubernetes list into its items while it comes, so that no more than one of them is ever parsed at a
 * stretch. `metadata.managedFields`, about half of what a server sends, is left out unparsed. It follows brackets and
 * strings only: what is between them is checked by whoever parses it.
 */
export class ItemSplitter {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Where the last string on the way began in this chunk; -1: in an earlier one. */
  #stringStart = 0;
  #key = '';
  #inItems = false;
  #leavingOut = false;
  #outside: Buffer[] = [];
  #item: Buffer[] = [];
  #itemBytes = 0;
  #outsideBytes = 0;
  #started = false;

  /** The items that this chunk completes, as JSON texts. */
  push(chunk: Buffer): string[] {
    const items: string[] = [];
    if (chunk.length > 0) this.#started = true;
    this.#stringStart = -1;
    /** From where bytes are still to be kept. */
    let from = 0;
    const keep = (end: number): void => {
      if (end > from && !this.#leavingOut) this.#keep(chunk.subarray(from, end));
      from = end;
    };
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) {
          this.#inString = false;
          this.#endString(chunk, at);
        }
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          this.#stringStart = at;
          break;
        case OPEN_OBJECT:
          if (this.#inItems && this.#depth === ITEMS_DEPTH) keep(at);
          this.#depth += 1;
          break;
        case OPEN_ARRAY:
          if (this.#depth === 1 && this.#key === 'items') {
            this.#inItems = true;
          } else if (this.#inItems && this.#depth === METADATA_DEPTH && this.#key === 'managedFields') {
            keep(at);
            this.#item.push(NOTHING);
            this.#leavingOut = true;
          }
          this.#key = '';
          this.#depth += 1;
          break;
        case CLOSE_ARRAY:
          this.#depth -= 1;
          if (this.#leavingOut && this.#depth === METADATA_DEPTH) {
            this.#leavingOut = false;
            from = at + 1;
          } else if (this.#inItems && this.#depth < ITEMS_DEPTH) {
            this.#inItems = false;
          }
          break;
        case CLOSE_OBJECT:
          if (this.#inItems && this.#depth === ITEM_DEPTH) {
            keep(at + 1);
            items.push(take(this.#item));
            this.#itemBytes = 0;
          }
          this.#depth -= 1;
          break;
        default:
      }
    }
    keep(chunk.length);
    return items;
  }

  /** What is around the items: the list's own fields, with an array of nothing but commas in the place of its items. */
  rest(): string {
    return take(this.#outside).replace(/("items"\s*:\s*\[)[\s,]*\]/, '$1]');
  }

  /** Bytes of the item that has begun, and of what is around the items. */
  get heldBytes(): number {
    return this.#itemBytes + this.#outsideBytes;
  }

  /** Whether every bracket that came was closed again. */
  get complete(): boolean {
    return this.#started && this.#depth === 0 && !this.#inString;
  }

  #keep(piece: Buffer): void {
    if (this.#inItems && this.#depth >= ITEM_DEPTH) {
      this.#item.push(piece);
      this.#itemBytes += piece.length;
      return;
    }
    const separator =
      this.#inItems && this.#depth === ITEMS_DEPTH && !this.#inString && piece.length === 1 && piece[0] === COMMA;
    if (!separator) {
      // A copy: what is around the items stays to the end, and must not hold what came with it.
      this.#outside.push(Buffer.from(piece));
      this.#outsideBytes += piece.length;
    }
  }

  /** Only keys that matter are remembered; one that is split over two chunks is missed, and its managers are parsed for nothing. */
  #endString(chunk: Buffer, end: number): void {
    if (this.#depth === 1)
      this.#key =
        this.#stringStart < 0 ? this.#keyAcross(chunk, end) : chunk.toString('latin1', this.#stringStart + 1, end);
    else if (this.#depth === METADATA_DEPTH && this.#inItems && !this.#leavingOut) {
      const managers =
        this.#stringStart >= 0 &&
        end + 1 - this.#stringStart === MANAGERS.length &&
        chunk.compare(MANAGERS, 0, MANAGERS.length, this.#stringStart, end + 1) === 0;
      this.#key = managers ? 'managedFields' : '';
    }
  }

  /** The list's own keys are few, and `items` must not be missed. */
  #keyAcross(chunk: Buffer, end: number): string {
    const text = Buffer.concat([...this.#outside, chunk.subarray(0, end)]).toString('latin1');
    return text.slice(text.lastIndexOf('"') + 1);
  }
}

const NOTHING = Buffer.from('null');

function take(parts: Buffer[]): string {
  const [only] = parts;
  const text = (parts.length === 1 && only ? only : Buffer.concat(parts)).toString('utf8');
  parts.length = 0;
  return text;
}
