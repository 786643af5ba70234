/** The pod addresses of one node, handed out in turn so that a freed one is not taken again at once. */
export class IpPool {
  readonly #prefix: string;
  readonly #used = new Set<number>();
  #next = 2;

  constructor(subnet: string) {
    this.#prefix = subnet;
  }

  allocate(): string {
    for (let tries = 0; tries < 253; tries += 1) {
      const number = this.#next;
      this.#next = number === 254 ? 2 : number + 1;
      if (this.#used.has(number)) continue;
      this.#used.add(number);
      return `${this.#prefix}.${number}`;
    }
    throw new Error(`no pod address left in ${this.#prefix}.0/24`);
  }

  release(ip: string): void {
    this.#used.delete(Number(ip.slice(ip.lastIndexOf('.') + 1)));
  }
}
