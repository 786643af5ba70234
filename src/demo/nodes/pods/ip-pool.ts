/** The pod addresses of one node, handed out in turn so that a freed one is not taken again at once. */
export class IpPool {
  readonly #prefix: string;
  readonly #used = new Set<number>();
  #next = 2;

  constructor(subnet: number) {
    this.#prefix = subnet < 256 ? `10.244.${subnet}` : `10.${245 + Math.floor(subnet / 256)}.${subnet % 256}`;
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
