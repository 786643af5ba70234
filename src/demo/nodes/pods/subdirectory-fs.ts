import type { IFileSystem } from 'just-bash';

type FsStat = Awaited<ReturnType<IFileSystem['stat']>>;

/** A directory of another file system as a root of its own (`hostPath`, `subPath`). */
export class SubdirectoryFs implements IFileSystem {
  readonly #base: IFileSystem;
  readonly #root: string;

  constructor(base: IFileSystem, root: string) {
    this.#base = base;
    this.#root = root.replace(/\/+$/, '');
  }

  readFile(path: string, options?: Parameters<IFileSystem['readFile']>[1]): Promise<string> {
    return this.#base.readFile(this.#in(path), options);
  }

  readFileBuffer(path: string): Promise<Uint8Array> {
    return this.#base.readFileBuffer(this.#in(path));
  }

  writeFile(
    path: string,
    content: string | Uint8Array,
    options?: Parameters<IFileSystem['writeFile']>[2],
  ): Promise<void> {
    return this.#base.writeFile(this.#in(path), content, options);
  }

  appendFile(
    path: string,
    content: string | Uint8Array,
    options?: Parameters<IFileSystem['appendFile']>[2],
  ): Promise<void> {
    return this.#base.appendFile(this.#in(path), content, options);
  }

  exists(path: string): Promise<boolean> {
    return this.#base.exists(this.#in(path));
  }

  stat(path: string): Promise<FsStat> {
    return this.#base.stat(this.#in(path));
  }

  lstat(path: string): Promise<FsStat> {
    return this.#base.lstat(this.#in(path));
  }

  mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    return this.#base.mkdir(this.#in(path), options);
  }

  readdir(path: string): Promise<string[]> {
    return this.#base.readdir(this.#in(path));
  }

  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void> {
    return this.#base.rm(this.#in(path), options);
  }

  cp(source: string, target: string, options?: { recursive?: boolean }): Promise<void> {
    return this.#base.cp(this.#in(source), this.#in(target), options);
  }

  mv(source: string, target: string): Promise<void> {
    return this.#base.mv(this.#in(source), this.#in(target));
  }

  resolvePath(base: string, path: string): string {
    return this.#base.resolvePath(base, path);
  }

  getAllPaths(): string[] {
    return this.#base
      .getAllPaths()
      .filter((path) => path.startsWith(`${this.#root}/`))
      .map((path) => path.slice(this.#root.length));
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.#base.chmod(this.#in(path), mode);
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#base.symlink(target.startsWith('/') ? this.#in(target) : target, this.#in(path));
  }

  link(existing: string, path: string): Promise<void> {
    return this.#base.link(this.#in(existing), this.#in(path));
  }

  readlink(path: string): Promise<string> {
    return this.#base.readlink(this.#in(path));
  }

  async realpath(path: string): Promise<string> {
    const real = await this.#base.realpath(this.#in(path));
    return real.slice(this.#root.length) || '/';
  }

  utimes(path: string, atime: Date, mtime: Date): Promise<void> {
    return this.#base.utimes(this.#in(path), atime, mtime);
  }

  #in(path: string): string {
    return path === '/' ? this.#root || '/' : `${this.#root}${path}`;
  }
}
